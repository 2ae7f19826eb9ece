"""Addresses: how they are verified, changed and taken back, as the fault matrix calls it."""

from __future__ import annotations

from api.container import Container
from tests.faults.matrix.service import Service
from tests.users.use_cases.prepared import (
    BOB,
    NEW,
    PASSWORD,
    SOURCE,
    mails,
    prove,
    register,
    two_registered,
    with_proof,
    with_token,
)
from tests.users.use_cases.rows import use_case


def move(container: Container, user_id: str, email: str) -> object:
    return container.request_email_change()(
        user_id, email=email, current_password=PASSWORD, source=SOURCE
    )


def verification(service: Service, user_id: str) -> str:
    return str(mails(service)[-1].token)


def verification_of_another(service: Service, user_id: str) -> str:
    """A token that moves the user to a new address."""
    move(service.container, user_id, NEW)
    return str(mails(service)[-1].token)


def undo(service: Service, user_id: str) -> str:
    """The token that the old address got, when the new one has taken effect."""
    prove(service)
    move(service.container, user_id, NEW)
    verification, undoing = mails(service)[-2:]
    service.container.verify_email()(verification.token)
    return str(undoing.token)


def undo_of_a_taken_address(service: Service, user_id: str) -> str:
    token = undo(service, user_id)
    register(service.container)
    return token


ADDRESSES = (
    use_case(
        "request_email_verification",
        lambda c, id_: c.request_email_verification()(id_, source=SOURCE),
    ),
    use_case("verify_email", lambda c, t: c.verify_email()(t), with_token(verification)),
    use_case(
        "verify_email",
        lambda c, t: c.verify_email()(t),
        with_token(verification_of_another),
        case="a new address",
    ),
    use_case("request_email_change", lambda c, id_: move(c, id_, NEW), with_proof),
    use_case(
        "request_email_change",
        lambda c, id_: move(c, id_, BOB),
        two_registered,
        case="a taken address",
    ),
    use_case("undo_email_change", lambda c, t: c.undo_email_change()(t), with_token(undo)),
    use_case(
        "undo_email_change",
        lambda c, t: c.undo_email_change()(t),
        with_token(undo_of_a_taken_address),
        case="somebody registered with it since",
    ),
)
