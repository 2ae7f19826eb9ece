"""Who makes a request, by its bearer token, and what they may touch."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.dependencies import ContainerOf
from application.errors import InvalidToken, NotPermitted
from application.users.tokens import Caller

UserId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]
"""An id as the id factory makes them. Whatever else stands in its place is no user: 404."""

_bearer = HTTPBearer(auto_error=False, description="The access token from `POST /sessions`.")


def _signed_in(
    container: ContainerOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    if credentials is None:
        raise InvalidToken("a bearer token is needed")
    return container.user_tokens().read_access(credentials.credentials)


SignedIn = Annotated[Caller, Depends(_signed_in)]
"""Any caller with a valid access token. It stays valid until it expires, also after a ban."""


def _own_or_admin(user_id: UserId, caller: SignedIn) -> Caller:
    # Before the user is looked up: nobody learns here which ids exist.
    if caller.user_id != user_id and not caller.is_admin:
        raise NotPermitted("acting on another user")
    return caller


def _admin(caller: SignedIn) -> Caller:
    if not caller.is_admin:
        raise NotPermitted("what is for administrators")
    return caller


own_or_admin = Depends(_own_or_admin)
"""Lets pass the user in the path, and administrators."""

admin = Depends(_admin)
"""Lets pass administrators."""
