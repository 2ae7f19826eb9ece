"""How the errors of users appear."""

from __future__ import annotations

from api.http.problems import AUTHENTICATE, LATER, Kinds, ProblemKind
from application.ports.password_hasher import HashingBusy
from application.users.errors import NotPermitted, SignInFailed
from domain.users import errors as users

USER_PROBLEMS: Kinds = {
    users.EmailAlreadyRegistered: ProblemKind(
        409,
        "email-already-registered",
        "E-mail address already registered",
        facts={"errors": [{"field": "email", "reason": "is already registered"}]},
    ),
    users.UserIsBanned: ProblemKind(403, "user-is-banned", "User is banned"),
    users.SessionRefused: ProblemKind(401, "session-ended", "Session ended", headers=AUTHENTICATE),
    users.RefreshTokenSuperseded: ProblemKind(
        401, "refresh-token-superseded", "Refresh token superseded", headers=AUTHENTICATE
    ),
    users.RefreshTokenReused: ProblemKind(
        401, "refresh-token-reused", "Refresh token reused", headers=AUTHENTICATE
    ),
    SignInFailed: ProblemKind(401, "sign-in-failed", "Sign-in failed", headers=AUTHENTICATE),
    HashingBusy: ProblemKind(429, "hashing-busy", "Too many at once", headers=LATER),
    NotPermitted: ProblemKind(403, "not-permitted", "Not permitted"),
}
