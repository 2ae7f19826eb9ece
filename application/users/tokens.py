"""The signed tokens of users: what each is for, what it carries, how long it lives."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

from attrs import frozen

from application.ports.token_signer import InvalidToken, TokenSigner
from domain.users.user import User
from domain.users.values import Email, Role

# Purposes are part of the tokens that are out there: never change them.
_ACCESS = "access"
_REFRESH = "refresh"
_VERIFICATION = "email-verification"
_RESET = "password-reset"


@frozen
class Lifetimes:
    """How long each kind of token is valid. A refresh token's starts anew at each rotation."""

    access: timedelta = timedelta(minutes=10)
    refresh: timedelta = timedelta(days=30)
    verification: timedelta = timedelta(days=3)
    reset: timedelta = timedelta(hours=1)


@frozen
class Caller:
    """Who makes a request, as its access token says, and the session it was issued in."""

    user_id: str
    session_id: str
    role: Role

    @property
    def is_admin(self) -> bool:
        """Whether the caller may act on other users."""
        return self.role is Role.ADMIN


@frozen
class RefreshClaims:
    """What a refresh token carries. The secret itself is stored nowhere."""

    user_id: str
    session_id: str
    secret: str


def secret_hash(secret: str) -> str:
    """The stored form of a random secret; being random, it needs neither salt nor slowness."""
    return sha256(secret.encode()).hexdigest()


@frozen
class UserTokens:
    """Issues and reads every token of users. Reading raises `InvalidToken`."""

    signer: TokenSigner
    lifetimes: Lifetimes = Lifetimes()

    def access(self, user: User, session_id: str) -> str:
        """A bearer token for this session of the user, in the present role."""
        return self.signer.sign(
            _ACCESS,
            {"sub": user.id, "session": session_id, "role": user.role.value},
            self.lifetimes.access,
        )

    def read_access(self, token: str) -> Caller:
        """Who holds this bearer token."""
        claims = self.signer.read(_ACCESS, token)
        try:
            role = Role(claims["role"])
        except ValueError as error:
            raise InvalidToken("names a role that does not exist") from error
        return Caller(claims["sub"], claims["session"], role)

    def refresh(self, claims: RefreshClaims) -> str:
        """A token that can be exchanged once for the next one of its session."""
        return self.signer.sign(
            _REFRESH,
            {"sub": claims.user_id, "session": claims.session_id, "secret": claims.secret},
            self.lifetimes.refresh,
        )

    def read_refresh(self, token: str) -> RefreshClaims:
        """What this refresh token carries."""
        claims = self.signer.read(_REFRESH, token)
        return RefreshClaims(claims["sub"], claims["session"], claims["secret"])

    def verification(self, user: User) -> str:
        """Proves the user's present address, and no later one."""
        return self.signer.sign(
            _VERIFICATION,
            {"sub": user.id, "email": user.email.value},
            self.lifetimes.verification,
        )

    def read_verification(self, token: str) -> str:
        """The id of the user this verification token is for; check it with `proves_email`."""
        return self.signer.read(_VERIFICATION, token)["sub"]

    def proves_email(self, token: str, user: User) -> None:
        """Raises `InvalidToken` unless the token is about the user's present address."""
        if self.signer.read(_VERIFICATION, token)["email"] != user.email.value:
            raise InvalidToken("issued for another address")

    def reset(self, user_id: str, email: Email, password_hash: str) -> str:
        """Allows one new password: it dies with the password and the address it was sent for."""
        bound_to = secret_hash(f"{email.value}\n{password_hash}")
        return self.signer.sign(_RESET, {"sub": user_id, "over": bound_to}, self.lifetimes.reset)

    def read_reset(self, token: str) -> str:
        """The id of the user this reset token is for; check it with `allows_reset`."""
        return self.signer.read(_RESET, token)["sub"]

    def allows_reset(self, token: str, user: User) -> None:
        """Raises `InvalidToken` unless address and password are still those it was sent for."""
        bound_to = self.signer.read(_RESET, token)["over"]
        if not compare_digest(bound_to, secret_hash(f"{user.email.value}\n{user.password_hash}")):
            raise InvalidToken("used already, or the password or the address was changed since")
