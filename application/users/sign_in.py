"""Starting a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from attrs import field, frozen

from application.ports.clock import Clock
from application.ports.email_parser import EmailParser
from application.ports.failure_limiter import FailureLimiter
from application.ports.ids import IdFactory
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import retry_on_conflict
from application.users.errors import SignInFailed
from application.users.finding import find_by_email
from application.users.guessing import guessing_slowed
from application.users.tokens import RefreshClaims, UserTokens, secret_hash
from domain.errors import InvalidValue
from domain.users.values import Email


@frozen(kw_only=True)
class SessionTokens:
    """What a client keeps: a short-lived bearer token and the token that gets the next pair."""

    user_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@frozen
class SignIn:
    """Checks the password, in the same time whether the address is known or not."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    password_hasher: PasswordHasher
    user_tokens: UserTokens
    failure_limiter: FailureLimiter
    email_parser: EmailParser

    def __call__(self, *, email: str, password: str, source: str) -> SessionTokens:
        """The tokens of a new session, which replaces the one that ran.

        `source` is where the attempt comes from. Raises `SignInFailed`; `UserIsBanned` only once
        the password was right; `TooManyFailures`, whether the address is known or not.
        """
        try:
            address = self.email_parser.parse(email)
        except InvalidValue as not_an_address:
            raise SignInFailed() from not_an_address
        # Slow on purpose: after a conflict, only a hash that has changed is compared again.
        matches = cache(partial(self.password_hasher.matches, password))
        with guessing_slowed(self.failure_limiter, address, source):
            return retry_on_conflict(lambda: self._sign_in(address, matches))

    def _sign_in(self, address: Email, matches: Callable[[str | None], bool]) -> SessionTokens:
        with self.unit_of_work() as unit:
            user = find_by_email(unit.users, address, self.ids)
            is_right = matches(user.password_hash if user else None)
            if user is None or not is_right:
                raise SignInFailed()
            now, claims = self.clock.now(), self._claims(user.id)
            user.start_session(
                claims.session_id,
                secret_hash(claims.secret),
                now + self.user_tokens.lifetimes.refresh,
                now,
            )
            unit.users.save(user)
            unit.commit()
        return SessionTokens(
            user_id=user.id,
            access_token=self.user_tokens.access(user, claims.session_id),
            refresh_token=self.user_tokens.refresh(claims),
        )

    def _claims(self, user_id: str) -> RefreshClaims:
        return RefreshClaims(user_id, self.ids.new_id(), self.ids.new_secret())
