"""The one translator: every failure of the service or the SDK becomes one of a small set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from application.errors import (
    AccessDenied,
    RequestRejected,
    ResourceMissing,
    ServiceFault,
    StorageError,
    Throttled,
    Unreachable,
)
from infrastructure.dynamodb.items import Item, key_text


class BrokenAnswer(sdk.BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """What came back is no answer of the service, or not all of one: the answer is lost."""

    fmt = "the answer {what}"


SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)
"""Everything botocore raises for a request."""


@frozen(kw_only=True)
class ConditionFailed(StorageError):
    """The condition of a single write was not met. `old` is the item as it stands, None if gone."""

    old: Item | None = field(default=None, repr=False)


@frozen
class Reason:
    """Why one action of a transaction was refused; `code` is `None` as text where it was not."""

    code: str
    old: Item | None = field(default=None, repr=False)


@frozen(kw_only=True)
class TransactionCancelled(StorageError):
    """At least one condition of a transaction was not met. One reason an action, in order."""

    cancellation: tuple[Reason, ...] = ()


@frozen(kw_only=True)
class Contended(Throttled):
    """Another transaction held an item at that moment. Nothing was written."""


@frozen(kw_only=True)
class InProgress(Unreachable):
    """The same transaction, sent before, is still being worked on."""


@frozen(kw_only=True)
class TokenUsed(RequestRejected):
    """The client request token belongs to another transaction, which was applied."""


@frozen(kw_only=True)
class ResourceInUse(RequestRejected):
    """The table is being created, changed or deleted, or is already there."""


@frozen(kw_only=True)
class IteratorExpired(RequestRejected):
    """The shard iterator is older than the 15 minutes that it lives."""


@frozen(kw_only=True)
class DataTrimmed(RequestRejected):
    """The records asked for are older than what the stream keeps."""


@frozen
class _Kind:
    """What a code means. `transient`: trying again may help."""

    error: type[StorageError]
    transient: bool = False
    maybe_applied: bool = False


_THROTTLED = _Kind(Throttled, transient=True)
_CONTENDED = _Kind(Contended, transient=True)
_FAULT = _Kind(ServiceFault, transient=True, maybe_applied=True)
_REJECTED = _Kind(RequestRejected)
_DENIED = _Kind(AccessDenied)
_MISSING = _Kind(ResourceMissing)

CODES: Mapping[str, _Kind] = {
    "ConditionalCheckFailedException": _Kind(ConditionFailed),
    "ProvisionedThroughputExceededException": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "Throttling": _THROTTLED,
    "RequestThrottled": _THROTTLED,
    "RequestThrottledException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    "LimitExceededException": _THROTTLED,
    "ResourceInUseException": _Kind(ResourceInUse),
    "TableInUseException": _Kind(ResourceInUse),
    "TableAlreadyExistsException": _Kind(ResourceInUse),
    "ExpiredIteratorException": _Kind(IteratorExpired),
    "TrimmedDataAccessException": _Kind(DataTrimmed),
    "TransactionConflictException": _CONTENDED,
    "ReplicatedWriteConflictException": _CONTENDED,
    "TransactionInProgressException": _Kind(InProgress, transient=True, maybe_applied=True),
    "IdempotentParameterMismatchException": _Kind(TokenUsed),
    "InternalServerError": _FAULT,
    "InternalFailure": _FAULT,
    "ServiceUnavailable": _FAULT,
    "AccessDeniedException": _DENIED,
    "UnrecognizedClientException": _DENIED,
    "InvalidSignatureException": _DENIED,
    "IncompleteSignatureException": _DENIED,
    "MissingAuthenticationTokenException": _DENIED,
    "ExpiredTokenException": _DENIED,
    "OptInRequired": _DENIED,
    "ResourceNotFoundException": _MISSING,
    "TableNotFoundException": _MISSING,
    "IndexNotFoundException": _MISSING,
    "BackupNotFoundException": _MISSING,
    "ExportNotFoundException": _MISSING,
    "ImportNotFoundException": _MISSING,
    "GlobalTableNotFoundException": _MISSING,
    "ReplicaNotFoundException": _MISSING,
    "PolicyNotFoundException": _MISSING,
}
"""The service's error codes. One that is missing here is a rejection below 500, a fault above."""

_CANCELLATION_PERMANENT = ("ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied")
_CANCELLATION_CONTENDED = ("TransactionConflict", "DuplicateItem")
_CANCELLATION_THROTTLED = (
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
)

_NEVER_SENT = (
    sdk.EndpointConnectionError,
    sdk.ConnectTimeoutError,
    sdk.ProxyConnectionError,
)
_NO_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.MetadataRetrievalError,
)
_NO_SECRET = (sdk.NoCredentialsError, sdk.PartialCredentialsError)
"""Those of them whose text is the SDK's alone: others may quote what a user's command said."""

# Other connection errors, such as SSLError, may come from the handshake or from reading the answer:
# not known to be unsent.
_LOST = (
    sdk.HTTPClientError,
    sdk.ConnectionError,
    sdk.IncompleteReadError,
    sdk.ChecksumError,
    BrokenAnswer,
    ResponseParserError,
)


@frozen
class Failure:
    """One failed attempt. `transient`: sending the same request again may help."""

    error: StorageError
    transient: bool


def translate(cause: Exception, operation: str, request: Mapping[str, Any]) -> Failure:
    """What the failure of one attempt means. `cause` is one of `SDK_ERRORS`."""
    if isinstance(cause, sdk.ClientError):
        return _answered(cause, operation, request)
    kind = _unanswered(cause)
    return Failure(
        kind.error(
            operation=operation,
            table=_table(request),
            key=_key(request),
            maybe_applied=kind.maybe_applied,
            detail=_description(cause),
        ),
        kind.transient,
    )


def _description(cause: Exception) -> str:
    """What the SDK says, unless it may quote the request: what is stored stays out of errors."""
    if isinstance(cause, (*_NEVER_SENT, *_NO_SECRET, BrokenAnswer)):
        return f"{type(cause).__name__}: {cause}"
    return type(cause).__name__


def _unanswered(cause: Exception) -> _Kind:
    if isinstance(cause, _NEVER_SENT):
        return _Kind(Unreachable, transient=True)
    if isinstance(cause, _LOST):
        return _Kind(Unreachable, transient=True, maybe_applied=True)
    if isinstance(cause, _NO_CREDENTIALS):
        return _DENIED
    return _REJECTED


def _answered(cause: sdk.ClientError, operation: str, request: Mapping[str, Any]) -> Failure:
    response: Mapping[str, Any] = cause.response
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    facts = {
        "operation": operation,
        "table": _table(request),
        "key": _key(request),
        "request_id": response.get("ResponseMetadata", {}).get("RequestId"),
    }
    if code == "TransactionCanceledException":
        return _cancelled(response, request, facts)
    kind = CODES.get(code, _FAULT if status >= 500 else _REJECTED)
    facts["maybe_applied"] = kind.maybe_applied
    if kind.error is ConditionFailed:
        return Failure(ConditionFailed(old=response.get("Item"), **facts), transient=False)
    if issubclass(kind.error, Throttled):
        return Failure(kind.error(reasons=_throttling(response, code), **facts), kind.transient)
    # Not the service's message: it may quote values. It is in the chained cause.
    return Failure(kind.error(detail=code, **facts), kind.transient)


def _cancelled(
    response: Mapping[str, Any], request: Mapping[str, Any], facts: Mapping[str, Any]
) -> Failure:
    """Permanent reasons come before failed conditions, these before transient ones."""
    reasons = tuple(
        Reason(str(reason.get("Code", "")), reason.get("Item"))
        for reason in response.get("CancellationReasons", ())
        if isinstance(reason, Mapping)
    )
    codes = [reason.code for reason in reasons]
    if len(reasons) != len(request.get("TransactItems", ())):
        # Nothing can be told from this answer, least of all whose condition failed.
        fault = ServiceFault(detail="cancelled without reasons", maybe_applied=True, **facts)
        return Failure(fault, transient=True)
    if permanent := _among(codes, _CANCELLATION_PERMANENT):
        error = AccessDenied if permanent == ["AccessDenied"] else RequestRejected
        return Failure(error(detail=_positions(codes), **facts), transient=False)
    if "ConditionalCheckFailed" in codes:
        return Failure(TransactionCancelled(cancellation=reasons, **facts), transient=False)
    if contended := _among(codes, _CANCELLATION_CONTENDED):
        return Failure(Contended(reasons=tuple(contended), **facts), transient=True)
    if throttled := _among(codes, _CANCELLATION_THROTTLED):
        return Failure(Throttled(reasons=tuple(throttled), **facts), transient=True)
    return Failure(ServiceFault(detail=_positions(codes), **facts), transient=True)


def _among(codes: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return sorted(set(codes) & set(wanted))


def _positions(codes: Sequence[str]) -> str:
    refused = [f"action {n}: {code}" for n, code in enumerate(codes, 1) if code != "None"]
    return "cancelled by " + (", ".join(refused) or "no action in particular")


def _throttling(response: Mapping[str, Any], code: str) -> tuple[str, ...]:
    """The service's own reasons where it gives them: which limit, of which table or index."""
    given = response.get("ThrottlingReasons") or ()
    return tuple(f"{r.get('reason')} of {r.get('resource')}" for r in given) or (code,)


def tables_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The tables that a request names, each once."""
    if "TableName" in request:
        return (str(request["TableName"]),)
    actions = [next(iter(item.values())) for item in request.get("TransactItems", ())]
    names = [action["TableName"] for action in actions] or list(request.get("RequestItems", ()))
    return tuple(dict.fromkeys(names))


def _table(request: Mapping[str, Any]) -> str | None:
    return ", ".join(tables_of(request)) or None


def _key(request: Mapping[str, Any]) -> str | None:
    return key_text(request["Key"]) if "Key" in request else None
