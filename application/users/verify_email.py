"""Proving that an e-mail address belongs to the user."""

from __future__ import annotations

from attrs import frozen

from application.deciding import decide
from application.errors import InvalidToken
from application.ports.clock import Clock
from application.ports.notifier import Notifier
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.tokens import UserTokens
from domain.users.errors import UserNotFound


@frozen
class RequestEmailVerification:
    """Sends a new token to the user's present address."""

    unit_of_work: UnitOfWorkFactory
    tokens: UserTokens
    notifier: Notifier

    def __call__(self, user_id: str) -> None:
        """Raises `UserNotFound`."""
        with self.unit_of_work() as unit:
            user = unit.users.get(user_id)
        self.notifier.send_email_verification(user.email, self.tokens.verification(user))


@frozen
class VerifyEmail:
    """Accepts such a token, as often as it comes."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    tokens: UserTokens

    def __call__(self, token: str) -> None:
        """Raises `InvalidToken`, also when the user has moved to another address since."""
        decide(lambda: self._verify(token))

    def _verify(self, token: str) -> None:
        user_id = self.tokens.read_verification(token)
        with self.unit_of_work() as unit:
            try:
                user = unit.users.get(user_id)
            except UserNotFound as gone:
                raise InvalidToken("the user is gone") from gone
            self.tokens.proves_email(token, user)
            user.verify_email(self.clock.now())
            unit.users.save(user)
            unit.commit()
