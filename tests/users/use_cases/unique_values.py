"""Use cases of users that take an address, which others take and free meanwhile."""

from __future__ import annotations

from api.container import Container
from domain.users.user import User
from domain.users.values import Email
from tests.faults.matrix.late_claims import Claimed
from tests.faults.matrix.service import Service
from tests.users.use_cases.prepared import ADA, NEW, PASSWORD, PlainHasher, nobody, register
from tests.users.use_cases.rows import use_case


def token_to_move(container: Container, user_id: str) -> str:
    """What a registered user is mailed for a new address, made without a request."""
    user = User.register(
        id=user_id,
        first_name="Ada",
        last_name="Byron",
        email=Email(ADA),
        password_hash=PlainHasher().hash(PASSWORD),
        now=container.clock().now(),
    )
    return str(container.user_tokens().email_change(user, Email(NEW)))


def leave(service: Service, user_id: str) -> None:
    service.container.remove_user()(user_id)


UNIQUE_VALUES = (
    Claimed(
        use_case=use_case("register_user", lambda c, _: register(c), nobody),
        at=0,
        take=lambda service: register(service.container).id,
        free=leave,
        message="UserRegistered",
    ),
    Claimed(
        use_case=use_case("verify_email", lambda c, id_: c.verify_email()(token_to_move(c, id_))),
        at=1,
        take=lambda service: register(service.container, NEW).id,
        free=leave,
        message="EmailChanged",
    ),
)
