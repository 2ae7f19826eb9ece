"""Every error as a problem document (RFC 9457), by one table."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from attrs import evolve, field, frozen

from api.http.refusals import (
    BadRequest,
    NotReady,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    RequestAtWork,
)
from application import errors as application
from application.idempotent_request import RequestKeyReused
from application.ports.failure_limiter import TooManyFailures
from application.ports.mail_limiter import TooMuchMail
from application.ports.token_signer import InvalidToken
from domain import errors as domain
from domain.tagged_events import AppendConditionFailed


@frozen
class ProblemKind:
    """How one class of errors appears.

    `name` empty: HTTP's own meaning of the status. `detail` empty: what the error says of itself.
    `facts` are members of every document of this kind.
    """

    status: int
    name: str
    title: str
    detail: str = ""
    headers: Mapping[str, str] = field(factory=dict)
    facts: Mapping[str, object] = field(factory=dict)


Kinds = Mapping[type[Exception], ProblemKind]
"""By class; an error of a class that is not listed appears as the nearest of its bases."""

AUTHENTICATE = {"WWW-Authenticate": "Bearer"}
LATER = {"Retry-After": "1"}

INTERNAL = ProblemKind(500, "internal-error", "Internal error", "The request failed on our side.")
_UNREADABLE = ProblemKind(
    500,
    "unreadable-data",
    "Stored data is unreadable",
    "What is stored does not fit this version of the service. Nothing was changed.",
)
_BUSY = ProblemKind(
    503, "store-unavailable", "Store unavailable", "Nothing was changed; try again.", LATER
)
_OUTCOME_UNKNOWN = ProblemKind(
    # No Retry-After: what a client repeats on its own might then be done twice.
    503,
    "outcome-unknown",
    "The change may have been applied",
    "Whether the change was stored is not known. Read the resource, compare it with what you "
    "wanted, and only then decide whether to send the request again.",
)
_CHANGED = ProblemKind(409, "changed-meanwhile", "Changed meanwhile")

KINDS: Kinds = {
    domain.InvalidValue: ProblemKind(422, "invalid-value", "Invalid value"),
    domain.NotFound: ProblemKind(404, "not-found", "Not found"),
    domain.Conflict: ProblemKind(409, "conflict", "Conflict"),
    domain.ConcurrencyConflict: _CHANGED,
    AppendConditionFailed: _CHANGED,
    domain.RuleViolation: ProblemKind(409, "rule-violation", "Not possible at present"),
    InvalidToken: ProblemKind(401, "invalid-token", "Invalid token", headers=AUTHENTICATE),
    application.LimitExceeded: ProblemKind(422, "limit-exceeded", "Limit exceeded"),
    application.InvalidItem: ProblemKind(422, "invalid-item", "Cannot be stored"),
    TooManyFailures: ProblemKind(429, "too-many-failures", "Too many failed attempts"),
    TooMuchMail: ProblemKind(429, "too-much-mail", "Too much mail"),
    application.UnreadableState: _UNREADABLE,
    application.UnreadableEvent: _UNREADABLE,
    application.UnknownEventType: _UNREADABLE,
    application.Throttled: _BUSY,
    application.Unreachable: _BUSY,
    application.ServiceFault: _BUSY,
    application.CommitOutcomeUnknown: _OUTCOME_UNKNOWN,
    BadRequest: ProblemKind(400, "bad-request", "Bad request"),
    PreconditionRequired: ProblemKind(428, "precondition-required", "Precondition required"),
    PreconditionFailed: ProblemKind(412, "precondition-failed", "Precondition failed"),
    RequestKeyReused: ProblemKind(422, "idempotency-key-reused", "Idempotency-Key was used"),
    RequestAtWork: ProblemKind(409, "request-at-work", "Request is being handled", headers=LATER),
    Overloaded: ProblemKind(503, "overloaded", "Too many requests at once", headers=LATER),
    NotReady: ProblemKind(503, "not-ready", "Not ready", headers=LATER),
}
"""The errors that every context may raise. Each context brings those of its own."""


@frozen
class ProblemTable:
    """How the errors of a service appear."""

    kinds: Kinds

    def kind_of(self, error: Exception, *, is_conditional: bool) -> ProblemKind:
        """How this error appears.

        `is_conditional` tells that the request carried `If-Match`: then a conflict is 412, not 409.
        """
        if isinstance(error, application.StorageError) and error.maybe_applied:
            return _OUTCOME_UNKNOWN
        kind = self.kind_of_class(type(error))
        return evolve(kind, status=412) if kind is _CHANGED and is_conditional else kind

    def kind_of_class(self, error: type[Exception]) -> ProblemKind:
        """How the errors of a class appear; `INTERNAL` for what nobody foresaw."""
        return next((self.kinds[base] for base in error.__mro__ if base in self.kinds), INTERNAL)


def facts_of(error: Exception) -> dict[str, object]:
    """What a problem document says beyond the members that all of its kind have."""
    match error:
        case domain.InvalidValue() | BadRequest():
            return {"errors": [{"field": error.field, "reason": error.reason}]}
        case domain.ConcurrencyConflict():
            return {"expected_version": error.expected, "actual_version": error.actual}
        case application.CommitOutcomeUnknown():
            return {"may_have_been_applied": True, "commit_id": error.commit_id}
        case application.StorageError() if error.maybe_applied:
            return {"may_have_been_applied": True}
        case _:
            return {}


def headers_of(error: Exception) -> dict[str, str]:
    """The headers of an answer beyond those that all of its kind have."""
    match error:
        case TooManyFailures() | TooMuchMail():
            return {"Retry-After": str(error.retry_after)}
        case application.CircuitOpen() if not error.maybe_applied:
            return {"Retry-After": str(max(1, ceil(error.retry_after)))}
        case _:
            return {}
