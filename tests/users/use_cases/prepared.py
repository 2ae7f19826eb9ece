"""Users who are registered, and what has become of them since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from typing_extensions import override

from api.container import Container
from application.ports.password_hasher import PasswordHasher
from application.users.sign_in import SessionTokens
from domain.users.user import User
from infrastructure.system.notifiers import SentMessage
from tests.faults.matrix.service import Service

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "lovelace@example.com"
PASSWORD, ANOTHER = "correct horse battery", "staple correct horse"
NOBODY = "nobody"
SOURCE = "192.0.2.1"


@frozen
class PlainHasher(PasswordHasher):
    """Costs nothing, and hides nothing."""

    @override
    def hash(self, password: str) -> str:
        return f"hash of {password}"

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        return password_hash == self.hash(password)


def mails(service: Service) -> list[SentMessage]:
    """What was sent, oldest first."""
    notifier: Any = service.container.notifier()
    sent: list[SentMessage] = notifier.sent
    return sent


def register(container: Container, email: str = ADA, source: str | None = None) -> User:
    """A user who has just registered."""
    return container.register_user()(
        first_name="Ada", last_name="Byron", email=email, password=PASSWORD, source=source
    )


def registered(service: Service) -> str:
    """The id of a user."""
    return register(service.container).id


def nobody(service: Service) -> str:
    """Nobody is registered."""
    return ""


def two_registered(service: Service) -> str:
    register(service.container, BOB)
    return registered(service)


def prove(service: Service) -> None:
    service.container.verify_email()(mails(service)[-1].token)


def with_proof(service: Service) -> str:
    """A registered user who has proven the address."""
    user_id = registered(service)
    prove(service)
    return user_id


def sign_in(container: Container) -> SessionTokens:
    return container.sign_in()(email=ADA, password=PASSWORD, source=SOURCE)


def signed_in(container: Container, _: str) -> object:
    return sign_in(container)


def after(*steps: Callable[[Container, str], object]) -> Callable[[Service], str]:
    """A registered user who did this since."""

    def prepare(service: Service) -> str:
        user_id = registered(service)
        for step in steps:
            step(service.container, user_id)
        return user_id

    return prepare


def with_token(make: Callable[[Service, str], str]) -> Callable[[Service], str]:
    """A registered user's token, by mail or from a sign-in, in place of the user's id."""

    def prepare(service: Service) -> str:
        return make(service, registered(service))

    return prepare
