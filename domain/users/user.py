"""The user aggregate: every rule about a user, each with the event it records."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest

from attrs import define, evolve, field, setters

from domain.aggregate import Aggregate
from domain.users import events
from domain.users.errors import RefreshTokenSuperseded, SessionRefused, UserIsBanned
from domain.users.values import Email, Role, Rotation, Session, parse_name

# How long the secret before the current one is forgiven: ten seconds for a second tab, a lost
# answer, a lost race; five minutes more, as the clock of the server that exchanged it may have been
# behind, which makes it look older than it is.
PREVIOUS_SECRET_GRACE = timedelta(seconds=10) + timedelta(minutes=5)


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class User(Aggregate):
    """A person who can sign in. At most one session runs at a time."""

    first_name: str
    last_name: str
    email: Email
    password_hash: str = field(repr=False)
    role: Role = Role.MEMBER
    is_email_verified: bool = False
    is_banned: bool = False
    session: Session | None = None

    @classmethod
    def register(
        cls,
        *,
        id: str,
        first_name: str,
        last_name: str,
        email: Email,
        password_hash: str,
        now: datetime,
        role: Role = Role.MEMBER,
    ) -> User:
        """A new user, not stored yet. Raises `InvalidValue` for a name that is none."""
        user = cls(
            id=id,
            first_name=parse_name("first_name", first_name),
            last_name=parse_name("last_name", last_name),
            email=email,
            password_hash=password_hash,
            role=role,
        )
        user._record(
            events.UserRegistered(
                user_id=id,
                email=email.value,
                first_name=user.first_name,
                last_name=user.last_name,
                role=role.value,
                occurred_at=now,
            )
        )
        return user

    def verify_email(self, now: datetime) -> None:
        """Marks the present address as proven. Doing it again changes nothing."""
        if self.is_email_verified:
            return
        self._set(is_email_verified=True)
        self._record(events.EmailVerified(user_id=self.id, email=self.email.value, occurred_at=now))

    def change_name(self, first_name: str, last_name: str, now: datetime) -> None:
        """Takes another name. Raises `InvalidValue`; the same name changes nothing."""
        first, last = parse_name("first_name", first_name), parse_name("last_name", last_name)
        if (first, last) == (self.first_name, self.last_name):
            return
        self._set(first_name=first, last_name=last)
        self._record(
            events.NameChanged(user_id=self.id, first_name=first, last_name=last, occurred_at=now)
        )

    def change_email(self, email: Email, now: datetime) -> None:
        """Moves to another address, which is unverified. The same address changes nothing.

        Raises `UserIsBanned`: a banned address stays taken.
        """
        if email == self.email:
            return
        self.require_not_banned()
        previous = self.email
        self._set(email=email, is_email_verified=False)
        self._record(
            events.EmailChanged(
                user_id=self.id,
                previous_email=previous.value,
                email=email.value,
                occurred_at=now,
            )
        )

    def change_password(self, password_hash: str, now: datetime) -> None:
        """Takes a new password; the session ends, wherever it runs. Raises `UserIsBanned`."""
        self.require_not_banned()
        self._set(password_hash=password_hash)
        self._record(events.PasswordChanged(user_id=self.id, occurred_at=now))
        self.end_session("password changed", now)

    def complete_password_reset(self, password_hash: str, now: datetime) -> None:
        """Takes the password chosen with a reset token; the session ends.

        Raises `UserIsBanned`.
        """
        self.require_not_banned()
        self._set(password_hash=password_hash)
        self._record(events.PasswordReset(user_id=self.id, occurred_at=now))
        self.end_session("password reset", now)

    def start_session(
        self, session_id: str, token_hash: str, expires_at: datetime, now: datetime
    ) -> None:
        """Signs in; a session that still runs is replaced. Raises `UserIsBanned`."""
        self.require_not_banned()
        self.end_session("replaced", now)
        self._set(
            session=Session(
                id=session_id, token_hash=token_hash, rotated_at=now, expires_at=expires_at
            )
        )
        self._record(events.SessionStarted(user_id=self.id, session_id=session_id, occurred_at=now))

    def rotate_session(
        self,
        session_id: str,
        *,
        presented_hash: str,
        next_hash: str,
        expires_at: datetime,
        now: datetime,
    ) -> Rotation:
        """Exchanges the refresh-token secret of the running session.

        `ROTATED`: the presented secret was the current one; `next_hash` is current now.
        `REUSED`: it was an older one of this session; the session has ended, and the caller
        must store that. Raises `RefreshTokenSuperseded` for the previous secret within
        `PREVIOUS_SECRET_GRACE`, or before it was exchanged by the clock here; `SessionRefused`
        where no such session runs; both change nothing.
        """
        session = self.running_session(session_id, now)
        if compare_digest(presented_hash, session.token_hash):
            self._set(
                session=evolve(
                    session,
                    token_hash=next_hash,
                    previous_token_hash=session.token_hash,
                    rotated_at=now,
                    expires_at=expires_at,
                )
            )
            self._record(
                events.SessionRotated(user_id=self.id, session_id=session.id, occurred_at=now)
            )
            return Rotation.ROTATED
        if (
            session.previous_token_hash is not None
            and compare_digest(presented_hash, session.previous_token_hash)
            and now - session.rotated_at <= PREVIOUS_SECRET_GRACE
        ):
            raise RefreshTokenSuperseded()
        self.end_session("refresh token reused", now)
        return Rotation.REUSED

    def end_session(self, reason: str, now: datetime) -> None:
        """Ends the session, if one is there."""
        if self.session is None:
            return
        ended = self.session.id
        self._set(session=None)
        self._record(
            events.SessionEnded(user_id=self.id, session_id=ended, reason=reason, occurred_at=now)
        )

    def ban(self, now: datetime) -> None:
        """Locks the user out and ends the session. Doing it again changes nothing."""
        if self.is_banned:
            return
        self._set(is_banned=True)
        self._record(events.UserBanned(user_id=self.id, occurred_at=now))
        self.end_session("banned", now)

    def unban(self, now: datetime) -> None:
        """Lets the user sign in again. Doing it again changes nothing."""
        if not self.is_banned:
            return
        self._set(is_banned=False)
        self._record(events.UserUnbanned(user_id=self.id, occurred_at=now))

    def leave(self, now: datetime) -> None:
        """Records that the user is about to be removed.

        Raises `UserIsBanned`: the address would be free to register anew.
        """
        self.require_not_banned()
        self._record(events.UserRemoved(user_id=self.id, email=self.email.value, occurred_at=now))

    def require_not_banned(self) -> None:
        """Raises `UserIsBanned` for a user who is."""
        if self.is_banned:
            raise UserIsBanned(self.id)

    def running_session(self, session_id: str, now: datetime) -> Session:
        """The session with this id. Raises `SessionRefused` unless it runs."""
        session = self.session
        if (
            session is None
            or self.is_banned
            or session.id != session_id
            or session.expires_at <= now
        ):
            raise SessionRefused()
        return session
