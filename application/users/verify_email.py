"""Proving that an e-mail address belongs to the user."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.mail_limiter import MailLimiter
from application.ports.notifier import Notifier
from application.ports.token_signer import InvalidToken
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.tokens import UserTokens
from domain.users.errors import UserNotFound
from domain.users.user import User


@frozen
class RequestEmailVerification:
    """Sends a new token to the user's present address."""

    unit_of_work: UnitOfWorkFactory
    user_tokens: UserTokens
    notifier: Notifier
    mail_limiter: MailLimiter

    def __call__(self, user_id: str, *, source: str) -> None:
        """Raises `UserNotFound`; `TooMuchMail` for this address, or this source of requests."""
        with self.unit_of_work() as unit:
            user = unit.users.get(user_id)
        self.mail_limiter.count(user.email.value, source)
        self.notifier.send_email_verification(user.email, self.user_tokens.verification(user))


@frozen
class VerifyEmail:
    """Accepts such a token, or one that moves the user to a new address, as often as it comes."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    user_tokens: UserTokens

    def __call__(self, token: str) -> None:
        """Raises `InvalidToken`, also when the user has moved to another address since.

        For a new address also `EmailAlreadyRegistered` and `UserIsBanned`.
        """

        def verify(user: User) -> None:
            now = self.clock.now()
            user.change_email(self.user_tokens.proven_email(token, user), now)
            user.verify_email(now)

        try:
            change_aggregate(
                self.unit_of_work,
                lambda unit: unit.users,
                self.user_tokens.read_verification(token),
                verify,
            )
        except UserNotFound as gone:
            raise InvalidToken("the user is gone") from gone
