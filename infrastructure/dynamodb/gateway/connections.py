"""HTTP over the SDK's connections, without the machinery that it sends requests through.

The SDK's session keeps the connections and says how they are opened: certificates, timeouts, socket
options. A request is one write, and `httptools` (llhttp, the parser of Node.js) reads its answer: a
fifth of the processor time of urllib3 and `http.client`. Nothing is sent twice here.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cached_property
from time import monotonic
from typing import Any, cast

from attrs import frozen
from botocore import exceptions as sdk
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from httptools import HttpParserError, HttpResponseParser
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.ssl_match_hostname import CertificateError

from infrastructure.dynamodb.gateway.errors import BrokenAnswer

_CHUNK = 65536  # bytes of one read

_READ = {name.encode(): name for name in ("content-length", "x-amz-crc32", "x-amzn-requestid")}


@frozen
class Answer:
    """What came back. `headers` are those that are looked at, their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer_of(answer: AWSResponse) -> Answer:
    """What the SDK, or what stands for it in tests, has read."""
    headers = {name: answer.headers[name] for name in _READ.values() if name in answer.headers}
    return Answer(answer.status_code, headers, answer.content)


class Connections:
    """The connections of one client of the SDK to its endpoint. Safe to share between threads.

    An answer is waited for `read_timeout` seconds, and so is each next piece of it; all of it for
    `deadline` seconds, but through a proxy, which the SDK itself talks to.
    """

    def __init__(
        self, session: Any, url: str, target: str, read_timeout: float, deadline: float
    ) -> None:
        """`target` is the path of the URL, as it is signed."""
        self._session = session
        self.url = url
        self._target = target
        self._read_timeout = read_timeout
        self._deadline = deadline

    def send(self, request: AWSPreparedRequest) -> Answer:
        """The answer. Raises what the SDK raises, and `BrokenAnswer` for what is no HTTP."""
        if self._is_proxied:
            return answer_of(self._session.send(request))
        pool = self._pool
        connection = cast(HTTPConnection, pool._get_conn())  # noqa: SLF001 public nowhere
        reader = _Reader()
        try:
            if connection.is_closed:
                self._open(connection)
            self._exchange(connection, request, reader)
        finally:
            if not reader.may_go_on:
                connection.close()
            pool._put_conn(connection)  # noqa: SLF001 as above
        return reader.answer

    def _open(self, connection: HTTPConnection) -> None:
        try:
            connection.connect()
        except NewConnectionError as error:
            raise sdk.EndpointConnectionError(endpoint_url=self.url, error=error) from error
        except ConnectTimeoutError as error:
            raise sdk.ConnectTimeoutError(endpoint_url=self.url, error=error) from error
        except (ssl.SSLError, CertificateError) as error:
            raise sdk.SSLError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            raise self._closed(error) from error

    def _exchange(
        self, connection: HTTPConnection, request: AWSPreparedRequest, reader: _Reader
    ) -> None:
        socket, ends = connection.sock, monotonic() + self._deadline
        try:
            _let_wait(socket, self._read_timeout)
            socket.sendall(_written(request, self._target))
            while not reader.is_whole:
                left = max(ends - monotonic(), 1e-6)  # 0 would not wait at all
                _let_wait(socket, min(left, self._read_timeout))
                reader.feed(socket.recv(_CHUNK))
        except TimeoutError as error:
            raise sdk.ReadTimeoutError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            raise self._closed(error) from error

    def _closed(self, error: OSError) -> sdk.ConnectionClosedError:
        return sdk.ConnectionClosedError(endpoint_url=self.url, error=error)

    @cached_property
    def _is_proxied(self) -> bool:
        return self._session._proxy_config.proxy_url_for(self.url) is not None  # noqa: SLF001

    @cached_property
    def _pool(self) -> HTTPConnectionPool:
        pool: HTTPConnectionPool = self._session._manager.connection_from_url(self.url)  # noqa: SLF001
        self._session._setup_ssl_cert(pool, self.url, self._session._verify)  # noqa: SLF001
        return pool


def _let_wait(socket: Any, seconds: float) -> None:
    if socket.gettimeout() != seconds:  # it costs a call of the system
        socket.settimeout(seconds)


def _written(request: AWSPreparedRequest, target: str) -> bytes:
    """Raises `HTTPClientError` for a header that would end early: say, a token and its line end."""
    body: bytes = request.body
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    lines = [f"POST {target} HTTP/1.1", *headers, f"Content-Length: {len(body)}"]
    text = "".join(lines)
    if not (text.isascii() and text.isprintable()):
        raise sdk.HTTPClientError(error="a header is no line of ASCII")
    return "\r\n".join((*lines, "", "")).encode() + body


class _Reader:
    """Takes the pieces of one answer; the parser calls what begins with `on_`."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._answers = 0
        self._is_kept = False
        self.is_whole = False

    def feed(self, piece: bytes) -> None:
        """Raises `ConnectionError` for the end, and `BrokenAnswer`."""
        if not piece:
            raise ConnectionResetError("closed before the answer was whole")
        try:
            self._parser.feed_data(piece)
        except HttpParserError as error:
            raise BrokenAnswer(what="is no HTTP") from error

    @property
    def may_go_on(self) -> bool:
        """Whether the connection may bear another request: nothing came behind the answer."""
        return self._is_kept and self._answers == 1

    @property
    def answer(self) -> Answer:
        return Answer(self._parser.get_status_code(), self._headers, b"".join(self._body))

    def on_message_begin(self) -> None:
        self._answers += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        known = _READ.get(name.lower())
        if known is not None:
            self._headers[known] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.is_whole = True
        self._is_kept = self._parser.should_keep_alive()  # it has forgotten afterwards
