"""What only the stream's requests can be refused for."""

from __future__ import annotations

from attrs import asdict, frozen
from botocore.exceptions import ClientError

from application.errors import RequestRejected
from infrastructure.dynamodb.gateway import Gateway, Request, Response


@frozen(kw_only=True)
class IteratorExpired(RequestRejected):
    """The shard iterator is older than the 15 minutes that it lives."""


@frozen(kw_only=True)
class DataTrimmed(RequestRejected):
    """The records asked for are older than what the stream keeps."""


_KINDS: dict[str, type[RequestRejected]] = {
    "ExpiredIteratorException": IteratorExpired,
    "TrimmedDataAccessException": DataTrimmed,
}


def call_stream(streams: Gateway, operation: str, request: Request) -> Response:
    """As `Gateway.call`, which tells these two apart from no other rejection."""
    try:
        return streams.call(operation, request)
    except RequestRejected as error:
        cause = error.__cause__
        code = cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
        kind = _KINDS.get(code)
        if kind is None:
            raise
        raise kind(**asdict(error, recurse=False)) from cause
