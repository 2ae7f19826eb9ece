"""What can go wrong with users."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import Conflict, NotFound, RuleViolation


@frozen
class UserNotFound(NotFound):
    """No user has this id or address. `aggregate_id` holds what was looked for."""

    aggregate_type: str = field(default="User", init=False)
    aggregate_id: str

    @property
    def user_id(self) -> str:
        """The id or e-mail address that was looked for."""
        return self.aggregate_id


@frozen
class EmailAlreadyRegistered(Conflict):
    """Another user holds this e-mail address."""

    email: str

    def __str__(self) -> str:
        return f"{self.email} is already registered"


@frozen
class UserIsBanned(RuleViolation):
    """A banned user can neither sign in nor leave, nor change address or password."""

    user_id: str

    def __str__(self) -> str:
        return f"user {self.user_id} is banned"


@frozen
class SessionRefused(RuleViolation):
    """The refresh token belongs to no running session. Nothing was changed."""

    def __str__(self) -> str:
        return "the session has ended"


@frozen
class RefreshTokenSuperseded(SessionRefused):
    """The refresh token was rotated moments ago: a second tab, a lost answer, or a lost race.

    Nothing was revoked; whoever holds the newer token goes on with it.
    """

    def __str__(self) -> str:
        return "the refresh token was just replaced by a newer one"


@frozen
class RefreshTokenReused(SessionRefused):
    """A refresh token that was replaced long ago came back: the session has been ended."""

    def __str__(self) -> str:
        return "the refresh token was used before; the session has been ended"
