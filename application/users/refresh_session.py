"""Keeping a session going."""

from __future__ import annotations

from attrs import evolve, frozen

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.token_signer import InvalidToken
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.sign_in import SessionTokens
from application.users.tokens import UserTokens, secret_hash
from domain.users.errors import RefreshTokenReused, UserNotFound
from domain.users.user import User


@frozen
class RefreshSession:
    """Rotates the secret of the session: of many who present one token, one gets the next."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    user_tokens: UserTokens

    def __call__(self, refresh_token: str) -> SessionTokens:
        """The next pair of tokens, for a refresh token as issued.

        Raises `InvalidToken`, `SessionRefused`, `RefreshTokenSuperseded` (nothing revoked), or
        `RefreshTokenReused` after ending the session.
        """
        claims = self.user_tokens.read_refresh(refresh_token)
        following = evolve(claims, secret=self.ids.new_secret())

        def rotate(user: User) -> None:
            now = self.clock.now()
            user.rotate_session(
                claims.session_id,
                presented_hash=secret_hash(claims.secret),
                next_hash=secret_hash(following.secret),
                expires_at=now + self.user_tokens.lifetimes.refresh,
                now=now,
            )

        try:
            user = change_aggregate(
                self.unit_of_work, lambda unit: unit.users, claims.user_id, rotate
            )
        except UserNotFound as gone:
            raise InvalidToken("the user is gone") from gone
        if user.session is None:  # ended, which is stored now, because the token was reused
            raise RefreshTokenReused()
        return SessionTokens(
            user_id=user.id,
            access_token=self.user_tokens.access(user, claims.session_id),
            refresh_token=self.user_tokens.refresh(following),
        )
