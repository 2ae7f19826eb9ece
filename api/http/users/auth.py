"""Who makes a request, by its bearer token, and what they may touch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from attrs import evolve
from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.dependencies import ContainerOf
from application.event_context import current_event_context, event_context
from application.ports.token_signer import InvalidToken
from application.users.errors import NotPermitted
from application.users.tokens import Caller

PathId = Path(pattern="^[A-Za-z0-9_-]{1,64}$")
"""An id as the id factory makes them. Whatever else stands in its place does not exist: 404."""

UserId = Annotated[str, PathId]

_bearer = HTTPBearer(auto_error=False, description="The access token from `POST /sessions`.")


_READS = {"GET", "HEAD"}


async def _token_holder(
    container: ContainerOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> AsyncIterator[Caller]:
    if credentials is None:
        raise InvalidToken("a bearer token is needed")
    caller = container.user_tokens().read_access(credentials.credentials)
    # Asynchronous for this: what a dependency in a thread sets does not reach the route.
    with event_context(evolve(current_event_context(), actor=caller.user_id)):
        yield caller


TokenHolder = Annotated[Caller, Depends(_token_holder)]
"""Any caller with a valid access token, whether the session still runs or not."""


async def _signed_in(request: Request, caller: TokenHolder, container: ContainerOf) -> Caller:
    if request.method not in _READS:
        await run_in_threadpool(lambda: container.check_session()(caller))
    return caller


SignedIn = Annotated[Caller, Depends(_signed_in)]
"""Any caller with a valid access token, which reads until it expires, and writes only while the
session runs: not after a sign-out, a new password, a ban or a removal.

What the request does is done on the caller's behalf: events are stored with them as the actor.
"""


async def _own_or_admin(user_id: UserId, caller: SignedIn) -> Caller:
    # Before the user is looked up: nobody learns here which ids exist.
    if caller.user_id != user_id and not caller.is_admin:
        raise NotPermitted("acting on another user")
    return caller


async def _admin(caller: SignedIn) -> Caller:
    if not caller.is_admin:
        raise NotPermitted("what is for administrators")
    return caller


own_or_admin = Depends(_own_or_admin)
"""Lets pass the user in the path, and administrators."""

admin = Depends(_admin)
"""Lets pass administrators."""
