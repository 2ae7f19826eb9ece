"""Getting back in without the password."""

from __future__ import annotations

from functools import cache

from attrs import frozen

from application.ports.clock import Clock
from application.ports.email_parser import EmailParser
from application.ports.ids import IdFactory
from application.ports.mail_limiter import MailLimiter
from application.ports.notifier import Notifier
from application.ports.password_hasher import PasswordHasher
from application.ports.token_signer import InvalidToken
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.finding import find_by_email
from application.users.tokens import UserTokens
from domain.users.errors import UserNotFound
from domain.users.user import User
from domain.users.values import parse_password


@frozen
class RequestPasswordReset:
    """Sends a reset token to a proven address; for an unknown one does the same work, silently.

    An address that is not proven yet gets the token that proves it instead, since whoever reads its
    mail may not be whose account it is. Somebody banned gets nothing.
    """

    unit_of_work: UnitOfWorkFactory
    ids: IdFactory
    user_tokens: UserTokens
    notifier: Notifier
    mail_limiter: MailLimiter
    email_parser: EmailParser

    def __call__(self, email: str, *, source: str) -> None:
        """Raises `InvalidValue` for what is no address at all.

        `TooMuchMail` for an address or a source of requests, whether the address is known or not.
        """
        address = self.email_parser.parse(email)
        self.mail_limiter.count(address.value, source)
        with self.unit_of_work() as unit:
            user = find_by_email(unit.users, address, self.ids)
        if user is None or user.is_banned:
            self.user_tokens.reset(self.ids.new_id(), address, self.ids.new_secret())
        elif user.is_email_verified:
            token = self.user_tokens.reset(user.id, user.email, user.password_hash)
            self.notifier.send_password_reset(user.email, token)
        else:
            token = self.user_tokens.verification(user)
            self.notifier.send_email_verification(user.email, token)


@frozen
class CompletePasswordReset:
    """Stores the new password, once a token, and ends the session."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    password_hasher: PasswordHasher
    user_tokens: UserTokens

    def __call__(self, *, token: str, new_password: str) -> None:
        """Takes the token from the mail. Raises `InvalidValue`, `InvalidToken`, `UserIsBanned`."""
        user_id = self.user_tokens.read_reset(token)
        chosen = parse_password("new_password", new_password)
        hashed = cache(self.password_hasher.hash)  # a conflict must not cost another hash

        def complete(user: User) -> None:
            self.user_tokens.allows_reset(token, user)
            user.complete_password_reset(hashed(chosen), self.clock.now())

        try:
            change_aggregate(self.unit_of_work, lambda unit: unit.users, user_id, complete)
        except UserNotFound as gone:
            raise InvalidToken("the user is gone") from gone
