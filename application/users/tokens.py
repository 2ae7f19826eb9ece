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
_UNDO = "email-undo"


@frozen
class Lifetimes:
    """How long each kind of token is valid. A refresh token's starts anew at each rotation."""

    access: timedelta = timedelta(minutes=10)
    refresh: timedelta = timedelta(days=30)
    verification: timedelta = timedelta(days=3)
    reset: timedelta = timedelta(hours=1)
    undo: timedelta = timedelta(days=7)


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


def _bound_to(email: Email, password_hash: str) -> str:
    return secret_hash(f"{email.value}\n{password_hash}")


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
        """The id of the user this verification token is for; check it with `proven_email`."""
        return self.signer.read(_VERIFICATION, token)["sub"]

    def email_change(self, user: User, email: Email) -> str:
        """Proves a new address, and moves the user there from the present one.

        It dies with the password and with the present address.
        """
        bound_to = _bound_to(user.email, user.password_hash)
        return self.signer.sign(
            _VERIFICATION,
            {"sub": user.id, "email": email.value, "over": bound_to},
            self.lifetimes.verification,
        )

    def proven_email(self, token: str, user: User) -> Email:
        """The address that a verification token proves: the present one, or where to move to.

        Raises `InvalidToken` where it is neither.
        """
        claims = self.signer.read(_VERIFICATION, token)
        email = Email(claims["email"])
        bound_to = _bound_to(user.email, user.password_hash)
        if email != user.email and not compare_digest(claims.get("over", ""), bound_to):
            raise InvalidToken("issued for another address, or before the password was changed")
        return email

    def email_undo(self, user: User) -> str:
        """Lets the owner of the user's present address have it back, whatever happens."""
        return self.signer.sign(
            _UNDO, {"sub": user.id, "email": user.email.value}, self.lifetimes.undo
        )

    def read_email_undo(self, token: str) -> tuple[str, Email]:
        """Whom this token is for, by id, and the address that they had."""
        claims = self.signer.read(_UNDO, token)
        return claims["sub"], Email(claims["email"])

    def reset(self, user_id: str, email: Email, password_hash: str) -> str:
        """Allows one new password: it dies with the password and the address it was sent for."""
        claims = {"sub": user_id, "over": _bound_to(email, password_hash)}
        return self.signer.sign(_RESET, claims, self.lifetimes.reset)

    def read_reset(self, token: str) -> str:
        """The id of the user this reset token is for; check it with `allows_reset`."""
        return self.signer.read(_RESET, token)["sub"]

    def allows_reset(self, token: str, user: User) -> None:
        """Raises `InvalidToken` unless address and password are still those it was sent for."""
        bound_to = self.signer.read(_RESET, token)["over"]
        if not compare_digest(bound_to, _bound_to(user.email, user.password_hash)):
            raise InvalidToken("used already, or the password or the address was changed since")
