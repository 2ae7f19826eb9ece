"""Exchanging a refresh token for the next pair of tokens."""

from __future__ import annotations

from attrs import evolve, field, frozen

from application.deciding import decide
from application.errors import InvalidToken
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.sign_in import SessionTokens
from application.users.tokens import RefreshClaims, UserTokens, secret_hash
from domain.users.errors import RefreshTokenReused, UserNotFound
from domain.users.values import Rotation


@frozen(kw_only=True)
class RefreshSession:
    """The refresh token as issued."""

    refresh_token: str = field(repr=False)


@frozen
class RefreshSessionHandler:
    """Rotates the secret of the session: of many who present one token, one gets the next."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    tokens: UserTokens

    def __call__(self, command: RefreshSession) -> SessionTokens:
        """The next pair of tokens.

        Raises `InvalidToken`, `SessionRefused`, `RefreshTokenSuperseded` (nothing revoked), or
        `RefreshTokenReused` after ending the session.
        """
        claims = self.tokens.read_refresh(command.refresh_token)
        following = evolve(claims, secret=self.ids.new_secret())
        return decide(lambda: self._rotate(claims, following))

    def _rotate(self, claims: RefreshClaims, following: RefreshClaims) -> SessionTokens:
        with self.unit_of_work() as unit:
            try:
                user = unit.users.get(claims.user_id)
            except UserNotFound as gone:
                raise InvalidToken("the user is gone") from gone
            now = self.clock.now()
            rotation = user.rotate_session(
                claims.session_id,
                presented_hash=secret_hash(claims.secret),
                next_hash=secret_hash(following.secret),
                expires_at=now + self.tokens.lifetimes.refresh,
                now=now,
            )
            unit.users.save(user)
            unit.commit()
        if rotation is Rotation.REUSED:
            raise RefreshTokenReused()
        return SessionTokens(
            user_id=user.id,
            access_token=self.tokens.access(user),
            refresh_token=self.tokens.refresh(following),
        )
