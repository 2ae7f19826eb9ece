"""Moving to another e-mail address, and taking that back."""

from __future__ import annotations

from functools import cache

from attrs import frozen

from application.ports.clock import Clock
from application.ports.email_parser import EmailParser
from application.ports.failure_limiter import FailureLimiter
from application.ports.ids import IdFactory
from application.ports.mail_limiter import MailLimiter
from application.ports.notifier import Notifier
from application.ports.password_hasher import PasswordHasher
from application.ports.token_signer import InvalidToken
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.retry_on_conflict import retry_on_conflict
from application.users.errors import SignInFailed
from application.users.guessing import guessing_slowed
from application.users.tokens import UserTokens
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.repository import UserRepository
from domain.users.user import User
from domain.users.values import Email


@frozen
class RequestEmailChange:
    """Sends a token to the new address, which takes effect when it comes back: `VerifyEmail`.

    Nothing is stored until then. The present address, where it is proven, gets a token that undoes
    the change.
    """

    unit_of_work: UnitOfWorkFactory
    password_hasher: PasswordHasher
    user_tokens: UserTokens
    notifier: Notifier
    failure_limiter: FailureLimiter
    mail_limiter: MailLimiter
    email_parser: EmailParser

    def __call__(self, user_id: str, *, email: str, current_password: str, source: str) -> None:
        """Raises `InvalidValue`, `UserNotFound`, `EmailAlreadyRegistered`, `UserIsBanned`.

        A wrong present password is `SignInFailed`, and counts as a failed sign-in from this source;
        after too many it is `TooManyFailures`. `TooMuchMail` for the new address, or the source.
        For the present address nothing is sent.
        """
        address = self.email_parser.parse(email)
        with self.unit_of_work() as unit:
            user = unit.users.get(user_id)
            self._check_password(user, current_password, source)
            user.require_not_banned()
            if address == user.email:
                return
            if _holder(unit.users, address) is not None:
                raise EmailAlreadyRegistered(address.value)
        self.mail_limiter.count(address.value, source)
        self.notifier.send_email_verification(address, self.user_tokens.email_change(user, address))
        if user.is_email_verified:
            self.notifier.send_email_change_undo(user.email, self.user_tokens.email_undo(user))

    def _check_password(self, user: User, password: str, source: str) -> None:
        with guessing_slowed(self.failure_limiter, user.email, source):
            if not self.password_hasher.matches(password, user.password_hash):
                raise SignInFailed()


@frozen
class UndoEmailChange:
    """Gives the account back to the address that it was moved away from, or is about to be.

    Who moved it knew the password, so that becomes worth nothing: the session ends, and the address
    gets a token for a new one.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    password_hasher: PasswordHasher
    user_tokens: UserTokens
    notifier: Notifier

    def __call__(self, token: str) -> None:
        """Takes the token from the mail.

        Raises `InvalidToken`, `UserIsBanned`, and `EmailAlreadyRegistered` where somebody else has
        proven the address since. Who only registered with it is removed.
        """
        user_id, email = self.user_tokens.read_email_undo(token)
        # A conflict must not cost another hash.
        hashed = cache(lambda: self.password_hasher.hash(self.ids.new_secret()))

        def attempt() -> User:
            with self.unit_of_work() as unit:
                user = unit.users.get(user_id)
                self._make_room(unit, user, email)
                now = self.clock.now()
                user.change_email(email, now)
                user.verify_email(now)
                user.change_password(hashed(), now)
                unit.users.save(user)
                unit.commit()
                return user

        try:
            user = retry_on_conflict(attempt)
        except UserNotFound as gone:
            raise InvalidToken("the user is gone") from gone
        reset = self.user_tokens.reset(user.id, user.email, user.password_hash)
        self.notifier.send_password_reset(user.email, reset)

    def _make_room(self, unit: UnitOfWork, user: User, email: Email) -> None:
        if user.email == email:
            return
        holder = _holder(unit.users, email)
        if holder is None:
            return
        if holder.is_email_verified:
            raise EmailAlreadyRegistered(email.value)
        holder.leave(self.clock.now())
        unit.users.remove(holder)


def _holder(users: UserRepository, email: Email) -> User | None:
    try:
        return users.get_by_email(email)
    except UserNotFound:
        return None
