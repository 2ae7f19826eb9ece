"""Every error as a problem document (RFC 9457), by one table."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from api.http.refusals import BadRequest, NotReady, PreconditionFailed, PreconditionRequired
from application import errors as application
from domain import errors as domain
from domain.orders import errors as orders
from domain.users import errors as users


@frozen
class Kind:
    """How one class of errors appears.

    `name` empty: HTTP's own meaning of the status. `detail` empty: what the error says of itself.
    """

    status: int
    name: str
    title: str
    detail: str = ""
    headers: Mapping[str, str] = field(factory=dict)


_AUTHENTICATE = {"WWW-Authenticate": "Bearer"}
_LATER = {"Retry-After": "1"}

INTERNAL = Kind(500, "internal-error", "Internal error", "The request failed on our side.")
_UNREADABLE = Kind(
    500,
    "unreadable-data",
    "Stored data is unreadable",
    "What is stored does not fit this version of the service. Nothing was changed.",
)
_BUSY = Kind(
    503, "store-unavailable", "Store unavailable", "Nothing was changed; try again.", _LATER
)
_OUTCOME_UNKNOWN = Kind(
    # No Retry-After: what a client repeats on its own might then be done twice.
    503,
    "outcome-unknown",
    "The change may have been applied",
    "Whether the change was stored is not known. Read the resource, compare it with what you "
    "wanted, and only then decide whether to send the request again.",
)
_CHANGED = Kind(409, "changed-meanwhile", "Changed meanwhile")

KINDS: Mapping[type[Exception], Kind] = {
    domain.InvalidValue: Kind(422, "invalid-value", "Invalid value"),
    domain.NotFound: Kind(404, "not-found", "Not found"),
    domain.Conflict: Kind(409, "conflict", "Conflict"),
    domain.ConcurrencyConflict: _CHANGED,
    domain.RuleViolation: Kind(409, "rule-violation", "Not possible at present"),
    users.EmailAlreadyRegistered: Kind(
        409, "email-already-registered", "E-mail address already registered"
    ),
    users.UserIsBanned: Kind(403, "user-is-banned", "User is banned"),
    users.SessionRefused: Kind(401, "session-ended", "Session ended", headers=_AUTHENTICATE),
    users.RefreshTokenSuperseded: Kind(
        401, "refresh-token-superseded", "Refresh token superseded", headers=_AUTHENTICATE
    ),
    users.RefreshTokenReused: Kind(
        401, "refresh-token-reused", "Refresh token reused", headers=_AUTHENTICATE
    ),
    orders.OrderIsClosed: Kind(409, "order-is-closed", "Order is closed"),
    orders.LineExists: Kind(409, "line-exists", "Line exists already"),
    orders.LineNotFound: Kind(404, "line-not-found", "Line not found"),
    orders.OrderNeedsLines: Kind(422, "order-needs-lines", "Too few or too many lines"),
    application.SignInFailed: Kind(401, "sign-in-failed", "Sign-in failed", headers=_AUTHENTICATE),
    application.InvalidToken: Kind(401, "invalid-token", "Invalid token", headers=_AUTHENTICATE),
    application.NotPermitted: Kind(403, "not-permitted", "Not permitted"),
    application.LimitExceeded: Kind(422, "limit-exceeded", "Limit exceeded"),
    application.InvalidItem: Kind(422, "invalid-item", "Cannot be stored"),
    application.UnreadableState: _UNREADABLE,
    application.UnreadableEvent: _UNREADABLE,
    application.UnknownEventType: _UNREADABLE,
    application.Throttled: _BUSY,
    application.Unreachable: _BUSY,
    application.ServiceFault: _BUSY,
    application.CommitOutcomeUnknown: _OUTCOME_UNKNOWN,
    BadRequest: Kind(400, "bad-request", "Bad request"),
    PreconditionRequired: Kind(428, "precondition-required", "Precondition required"),
    PreconditionFailed: Kind(412, "precondition-failed", "Precondition failed"),
    NotReady: Kind(503, "not-ready", "Not ready", headers=_LATER),
}
"""By class; an error of a class that is not listed appears as the nearest of its bases."""


def kind_of(error: Exception, *, is_conditional: bool) -> Kind:
    """How this error appears.

    `is_conditional` tells that the request carried `If-Match`: then a conflict is 412, not 409.
    """
    if isinstance(error, application.StorageError) and error.maybe_applied:
        return _OUTCOME_UNKNOWN
    kind = kind_of_class(type(error))
    return evolve(kind, status=412) if kind is _CHANGED and is_conditional else kind


def kind_of_class(error: type[Exception]) -> Kind:
    """How the errors of a class appear; `INTERNAL` for what nobody foresaw."""
    return next((KINDS[base] for base in error.__mro__ if base in KINDS), INTERNAL)


def facts_of(error: Exception) -> dict[str, object]:
    """What a problem document says beyond the members that all have."""
    match error:
        case domain.InvalidValue() | BadRequest():
            return {"errors": [{"field": error.field, "reason": error.reason}]}
        case users.EmailAlreadyRegistered():
            return {"errors": [{"field": "email", "reason": "is already registered"}]}
        case domain.ConcurrencyConflict():
            return {"expected_version": error.expected, "actual_version": error.actual}
        case application.CommitOutcomeUnknown():
            return {"may_have_been_applied": True, "commit_id": error.commit_id}
        case application.StorageError() if error.maybe_applied:
            return {"may_have_been_applied": True}
        case _:
            return {}
