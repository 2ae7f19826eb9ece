"""`/sessions`: signing in, staying signed in, signing out."""

from __future__ import annotations

from fastapi import APIRouter, status
from pydantic import BaseModel

from api.container import Container
from api.http.body import Body, Token
from api.http.dependencies import ContainerOf, SourceOf
from api.http.openapi import problems
from api.http.users.auth import TokenHolder
from api.http.users.schemas import Password
from application.users.sign_in import SessionTokens

router = APIRouter(prefix="/sessions", tags=["sessions"])


class SignInBody(Body):
    """Address and password."""

    email: str
    password: Password


class RefreshBody(Body):
    """The refresh token as issued last."""

    refresh_token: Token


class SessionView(BaseModel):
    """Send `access_token` as bearer token for `expires_in` seconds; then refresh, once."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 a scheme, RFC 6750
    expires_in: int
    refresh_token: str
    user_id: str


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 409, 422, 429),
)
def sign_in(body: SignInBody, source: SourceOf, container: ContainerOf) -> SessionView:
    """Starts a session, which ends the user's session elsewhere. Open to everyone.

    After too many wrong passwords none is looked at for a while: `Retry-After` says how long.
    """
    return _view(container.sign_in()(**body.model_dump(), source=source), container)


@router.post("/refresh", responses=problems(401, 409, 422))
def refresh(body: RefreshBody, container: ContainerOf) -> SessionView:
    """Exchanges the refresh token for the next pair. An old one that comes back ends the session.

    For five minutes the old one is only refused: it may come from a second tab, and the clocks of
    two servers may differ.
    """
    tokens = container.refresh_session()(body.refresh_token)
    return _view(tokens, container)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=problems(401, 404, 409))
def sign_out(caller: TokenHolder, container: ContainerOf) -> None:
    """Ends the session: its refresh token is worth nothing from now on."""
    container.sign_out()(caller)


def _view(tokens: SessionTokens, container: Container) -> SessionView:
    return SessionView(
        access_token=tokens.access_token,
        expires_in=int(container.user_tokens().lifetimes.access.total_seconds()),
        refresh_token=tokens.refresh_token,
        user_id=tokens.user_id,
    )
