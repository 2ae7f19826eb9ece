"""Sessions and their tokens, as the fault matrix calls them."""

from __future__ import annotations

from api.container import Container
from application.users.sign_in import SessionTokens
from application.users.tokens import Caller
from tests.faults.matrix.service import Service
from tests.users.use_cases.prepared import (
    ADA,
    SOURCE,
    after,
    nobody,
    sign_in,
    signed_in,
    with_token,
)
from tests.users.use_cases.rows import use_case


def refresh(service: Service, user_id: str) -> str:
    return sign_in(service.container).refresh_token


def used_refresh(service: Service, user_id: str) -> str:
    """One that was exchanged so long ago that it is not forgiven."""
    token = refresh(service, user_id)
    service.container.refresh_session()(token)
    service.time.turn(60)
    return token


def access(service: Service, user_id: str) -> str:
    return sign_in(service.container).access_token


def ended_access(service: Service, user_id: str) -> str:
    """One whose session another sign-in has replaced."""
    token = access(service, user_id)
    sign_in(service.container)
    return token


def caller(container: Container, token: str) -> Caller:
    """Who holds an access token."""
    return container.user_tokens().read_access(token)


def session(container: Container, tokens: SessionTokens) -> object:
    """What the tokens of a session say."""
    of_users = container.user_tokens()
    return of_users.read_access(tokens.access_token), of_users.read_refresh(tokens.refresh_token)


def locked_out(container: Container, user_id: str) -> object:
    """So many attempts have failed that no more are looked at."""
    for _ in range(3):
        container.failure_limiter().count(ADA, SOURCE)
    return None


SESSIONS = (
    use_case("sign_in", lambda c, _: session(c, sign_in(c))),
    use_case("sign_in", lambda c, _: session(c, sign_in(c)), after(signed_in), case="again"),
    use_case("sign_in", lambda c, _: sign_in(c), nobody, case="nobody"),
    use_case(
        "sign_in",
        lambda c, _: sign_in(c),
        after(lambda c, id_: c.ban_user()(id_)),
        case="banned",
    ),
    use_case("sign_in", lambda c, _: sign_in(c), after(locked_out), case="too many failures"),
    use_case(
        "refresh_session",
        lambda c, t: session(c, c.refresh_session()(t)),
        with_token(refresh),
    ),
    use_case(
        "refresh_session",
        lambda c, t: session(c, c.refresh_session()(t)),
        with_token(used_refresh),
        case="a token used before",
    ),
    use_case("check_session", lambda c, t: c.check_session()(caller(c, t)), with_token(access)),
    use_case(
        "check_session",
        lambda c, t: c.check_session()(caller(c, t)),
        with_token(ended_access),
        case="an ended session",
    ),
    use_case("sign_out", lambda c, t: c.sign_out()(caller(c, t)), with_token(access)),
    use_case(
        "sign_out",
        lambda c, t: c.sign_out()(caller(c, t)),
        with_token(ended_access),
        case="of an ended session",
    ),
)
