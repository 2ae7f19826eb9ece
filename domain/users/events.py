"""What happens to users. None of these carries a password, a hash or a token."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent


@frozen(kw_only=True)
class UserEvent(DomainEvent):
    """Something that happened to one user."""

    user_id: str


@frozen(kw_only=True)
class UserRegistered(UserEvent):
    """A user registered with this address."""

    email: str
    first_name: str
    last_name: str
    role: str


@frozen(kw_only=True)
class EmailVerified(UserEvent):
    """The user proved to own this address."""

    email: str


@frozen(kw_only=True)
class NameChanged(UserEvent):
    """The user goes by another name."""

    first_name: str
    last_name: str


@frozen(kw_only=True)
class EmailChanged(UserEvent):
    """The user moved to another address, which is not verified yet."""

    previous_email: str
    email: str


@frozen(kw_only=True)
class PasswordChanged(UserEvent):
    """The user has another password."""


@frozen(kw_only=True)
class PasswordReset(UserEvent):
    """The user got a new password by a reset token."""


@frozen(kw_only=True)
class SessionStarted(UserEvent):
    """The user signed in."""

    session_id: str


@frozen(kw_only=True)
class SessionRotated(UserEvent):
    """The session goes on under a new refresh token."""

    session_id: str


@frozen(kw_only=True)
class SessionEnded(UserEvent):
    """The session is over: signed out, replaced, cut off by a ban, a new password, or reuse."""

    session_id: str
    reason: str


@frozen(kw_only=True)
class UserBanned(UserEvent):
    """The user may not sign in any more."""


@frozen(kw_only=True)
class UserUnbanned(UserEvent):
    """The user may sign in again."""


@frozen(kw_only=True)
class UserRemoved(UserEvent):
    """The user is being removed."""

    email: str
