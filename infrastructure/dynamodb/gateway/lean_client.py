"""A client of DynamoDB that sends requests for data the short way.

The SDK walks the service's model for each request and each answer, and signs with keys that it
derives anew: most of the processor time of a call. Here JSON is made and read by msgspec, and
a request goes straight to a connection. The rest is still the SDK's: endpoint, credentials and
their refresh, proxies, certificates, timeouts, the pool of connections, and `before-send`.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError, ParamValidationError

from infrastructure.dynamodb.gateway.answers import (
    OPERATIONS,
    check_members,
    check_whole,
    decode_answer,
    decode_refusal,
)
from infrastructure.dynamodb.gateway.connections import Answer, Connections, answer_of

SdkClient = Any
"""A botocore client; its methods are made at run time, so it has no static type."""

_CONTENT_TYPE = "application/x-amz-json-1.0"
_TARGET = "DynamoDB_20120810"
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_encode = msgspec.json.Encoder().encode


class LeanClient:
    """The client of the SDK for DynamoDB, but for its operations on data.

    These take and return what they always do, and raise what they always raise, with two
    differences: a request is not compared with the service's model before it is sent, and an answer
    that is not whole, or has another shape than the service's, raises `BrokenAnswer`. Safe to share
    between threads.
    """

    def __init__(self, client: SdkClient, deadline: float) -> None:
        """`deadline` is how many seconds an answer may take as a whole."""
        self._client = client
        self._deadline = deadline
        for operation in OPERATIONS:
            method = _WORDS.sub("_", operation).lower()
            setattr(self, method, partial(self._call, operation))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def _call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        try:
            body = _encode(request)
        except (TypeError, ValueError, RecursionError) as error:
            # Not the value: it ends up in logs.
            raise ParamValidationError(report="the request cannot be written as JSON") from error
        answer = self._send(operation, body)
        check_whole(answer.body, answer.headers)
        metadata = {
            "HTTPStatusCode": answer.status,
            "RequestId": answer.headers.get("x-amzn-requestid"),
        }
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            decoded = decode_answer(operation, answer.body)
            if "ReturnConsumedCapacity" in request:
                check_members(operation, decoded)
            return {**decoded, "ResponseMetadata": metadata}
        refusal = decode_refusal(answer.body, answer.status)
        kind = self._client.exceptions.from_code(refusal["Error"]["Code"])
        raise kind({**refusal, "ResponseMetadata": metadata}, operation)

    def _send(self, operation: str, body: bytes) -> Answer:
        headers = self._signed(operation, body)
        request = AWSPreparedRequest("POST", self._url, headers, body, stream_output=False)
        event = f"before-send.dynamodb.{operation}"
        for _, answer in self._client.meta.events.emit(event, request=request):
            if answer is not None:
                return answer_of(answer)
        return self._connections.send(request)

    def _signed(self, operation: str, body: bytes) -> dict[str, str]:
        """The headers, signed by Signature Version 4.

        Source: AWS Identity and Access Management User Guide, "Create a signed AWS API request".
        """
        credentials = self._credentials()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"Content-Type": _CONTENT_TYPE, "Host": self._host, "X-Amz-Date": now}
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
        headers["X-Amz-Target"] = f"{_TARGET}.{operation}"
        # They are in alphabetical order.
        names = ";".join(headers).lower()
        lines = "".join([f"{name.lower()}:{value}\n" for name, value in headers.items()])
        canonical = f"POST\n{self._path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{now[:8]}/{self._signing_region}/dynamodb/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = _signing_key(credentials.secret_key, now[:8], self._signing_region)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        headers["User-Agent"] = self._client.meta.config.user_agent
        return headers

    def _credentials(self) -> ReadOnlyCredentials:
        """Those of this moment: the SDK has them refreshed before they expire."""
        credentials = self._client._request_signer._credentials  # noqa: SLF001 public nowhere
        if credentials is None:
            raise NoCredentialsError
        return credentials.get_frozen_credentials()

    @cached_property
    def _connections(self) -> Connections:
        session = self._client._endpoint.http_session  # noqa: SLF001 as above
        read_timeout = self._client.meta.config.read_timeout
        return Connections(session, self._url, self._path, read_timeout, self._deadline)

    @cached_property
    def _url(self) -> str:
        client = self._client
        model = client.meta.service_model.operation_model("GetItem")
        context = {"client_region": client.meta.region_name, "client_config": client.meta.config}
        url, _, _ = client._resolve_endpoint_ruleset(model, {}, context)  # noqa: SLF001 as above
        return str(url) if urlsplit(url).path else f"{url}/"

    @cached_property
    def _path(self) -> str:
        return quote(urlsplit(self._url).path, safe="/~")

    @cached_property
    def _host(self) -> str:
        parts = urlsplit(self._url)
        default = {"http": 80, "https": 443}[parts.scheme]
        return parts.netloc.removesuffix(f":{default}")

    @cached_property
    def _signing_region(self) -> str:
        return str(self._client._request_signer.region_name)  # noqa: SLF001 as above


@lru_cache(maxsize=16)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "dynamodb", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
