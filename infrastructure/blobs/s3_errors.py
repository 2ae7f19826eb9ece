"""What the failures of S3 and of its SDK mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

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

_SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)

_NEVER_SENT = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_LOST = (
    sdk.HTTPClientError,
    sdk.ConnectionError,
    sdk.IncompleteReadError,
    sdk.ResponseStreamingError,
    sdk.FlexibleChecksumError,
    ResponseParserError,
)
_NO_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.MetadataRetrievalError,
)

_THROTTLED = ("SlowDown", "Throttling", "RequestLimitExceeded", "TooManyRequests")
_DENIED = ("ExpiredToken", "InvalidToken", "TokenRefreshRequired")
"""These come with 400; every other refusal of credentials has 401 or 403."""

_BUCKET_MISSING = "the setting blob_bucket names no bucket"


@contextmanager
def translated(operation: str, bucket: str, key: str, *, attempts: int = 1) -> Iterator[None]:
    """Everything that the SDK raises in here as a `StorageError`.

    `attempts` is how often a request is tried that is not answered.
    """
    try:
        yield
    except _SDK_ERRORS as cause:
        where = {"operation": operation, "table": bucket, "key": key or None}
        raise _meaning(cause, where, attempts) from cause


def is_missing(cause: sdk.ClientError) -> bool:
    """Whether an answer says that an object is not there, or, to a HEAD, its bucket."""
    return _code(cause) in {"NoSuchKey", "404"}


def _meaning(cause: Exception, where: Mapping[str, Any], attempts: int) -> StorageError:
    """What the service says in words stays in the chained cause: it may quote what is stored."""
    if isinstance(cause, sdk.ClientError):
        return _answered(cause, where)
    name = type(cause).__name__
    if isinstance(cause, _NEVER_SENT):
        return Unreachable(**where, attempts=attempts, detail=f"{name}: {cause}")
    if isinstance(cause, _LOST):
        return Unreachable(**where, attempts=attempts, maybe_applied=True, detail=name)
    if isinstance(cause, _NO_CREDENTIALS):
        return AccessDenied(**where, detail=f"{name}: {cause}")
    return RequestRejected(**where, detail=name)


def _answered(cause: sdk.ClientError, where: Mapping[str, Any]) -> StorageError:
    code, metadata = _code(cause), cause.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    facts = {
        **where,
        "request_id": metadata.get("RequestId"),
        "attempts": metadata.get("RetryAttempts", 0) + 1,
    }
    if code.startswith(_THROTTLED) or status == 429:
        return Throttled(reasons=(code,), **facts)
    if code == "NoSuchBucket" or status == 404:
        return ResourceMissing(detail=_BUCKET_MISSING, **facts)
    if code in _DENIED or status in {401, 403}:
        return AccessDenied(detail=code, **facts)
    if status >= 500 or code == "RequestTimeout":  # S3 waited for the content in vain
        return ServiceFault(detail=code, maybe_applied=True, **facts)
    return RequestRejected(detail=code, **facts)


def _code(cause: sdk.ClientError) -> str:
    return str(cause.response.get("Error", {}).get("Code", ""))
