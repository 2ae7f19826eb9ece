"""Passwords: how they are changed and reset, as the fault matrix calls it."""

from __future__ import annotations

from api.container import Container
from tests.faults.matrix.service import Service
from tests.users.use_cases.prepared import (
    ADA,
    ANOTHER,
    BOB,
    PASSWORD,
    SOURCE,
    after,
    mails,
    prove,
    signed_in,
    with_proof,
    with_token,
)
from tests.users.use_cases.rows import use_case


def reset(service: Service, user_id: str) -> str:
    prove(service)
    service.container.request_password_reset()(ADA, source=SOURCE)
    return str(mails(service)[-1].token)


def used_reset(service: Service, user_id: str) -> str:
    token = reset(service, user_id)
    service.container.complete_password_reset()(token=token, new_password=ANOTHER)
    return token


def change_password(container: Container, user_id: str, current: str) -> object:
    return container.change_password()(
        user_id, current_password=current, new_password=ANOTHER, source=SOURCE
    )


PASSWORDS = (
    use_case(
        "change_password",
        lambda c, id_: change_password(c, id_, PASSWORD),
        after(signed_in),
    ),
    use_case(
        "change_password",
        lambda c, id_: change_password(c, id_, ANOTHER),
        case="a wrong one",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        after(*[lambda c, _: c.mail_limiter().count(ADA, SOURCE)] * 3),
        case="too much mail",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        with_proof,
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        case="not proven",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(BOB, source=SOURCE),
        case="nobody",
    ),
    use_case(
        "complete_password_reset",
        lambda c, t: c.complete_password_reset()(token=t, new_password=ANOTHER),
        with_token(reset),
    ),
    use_case(
        "complete_password_reset",
        lambda c, t: c.complete_password_reset()(token=t, new_password=PASSWORD),
        with_token(used_reset),
        case="used before",
    ),
)
