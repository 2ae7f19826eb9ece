"""What can happen to one request between the SDK and a real engine, as bytes on the wire."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

from attrs import define, field, frozen
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from infrastructure.dynamodb.gateway.gateway import WRITES, Client

Request = Any
"""A request as the SDK has signed it, ready to be sent."""

Post = Callable[[Request], AWSResponse]
"""Sends a request to the engine."""

TABLE_WRITES = WRITES | {"CreateTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive"}
"""What leaves something behind."""


@frozen
class Fault:
    """What happens to one request: `meet` sends it, or not, and answers, or loses the answer."""

    kind: str
    name: str
    meet: Callable[[Post, Request], AWSResponse] = field(repr=False)


@frozen
class _Raw:
    body: bytes

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        return iter([self.body])


def _answer(status: int, body: bytes, of: bytes | None = None) -> AWSResponse:
    """An answer under the length and the checksum of `of`, of itself where that is not given."""
    whole = body if of is None else of
    headers = {"Content-Length": str(len(whole)), "x-amz-crc32": str(crc32(whole))}
    return AWSResponse("http://127.0.0.1", status, headers, _Raw(body))


def _lost(request: Request) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=request.url)


def _never_arrives(post: Post, request: Request) -> AWSResponse:
    raise _lost(request)


def _answer_lost(post: Post, request: Request) -> AWSResponse:
    post(request)
    raise _lost(request)


def _half(post: Post, request: Request) -> AWSResponse:
    answer = post(request)
    whole: bytes = answer.content
    return _answer(answer.status_code, whole[: len(whole) // 2], of=whole)


def _one_byte_changed(post: Post, request: Request) -> AWSResponse:
    """Such a byte that an item is missing, where there is one: nothing else would tell."""
    answer = post(request)
    whole: bytes = answer.content
    changed = whole.replace(b'"Item', b'"Atem', 1)
    if changed == whole:
        changed = whole.replace(b'"Table', b'"Cable', 1)
    if changed == whole:
        changed = whole[:-1] + b" "
    return _answer(answer.status_code, changed, of=whole)


def _replaced(body: bytes, *, is_applied: bool, status: int = 200) -> Callable[..., AWSResponse]:
    def meet(post: Post, request: Request) -> AWSResponse:
        if is_applied:
            post(request)
        return _answer(status, body)

    return meet


def _error(code: str, status: int) -> bytes:
    return json.dumps({"__type": f"com.amazonaws.dynamodb#{code}", "message": code}).encode()


def _refused(code: str, status: int = 400, *, is_applied: bool = False) -> Callable[..., Any]:
    return _replaced(_error(code, status), is_applied=is_applied, status=status)


FAULTS = (
    Fault("lost", "the request is lost", _never_arrives),
    Fault("answer lost", "the answer is lost", _answer_lost),
    Fault("broken", "half of the answer", _half),
    Fault("broken", "a changed byte under the old checksum", _one_byte_changed),
    Fault("broken", "a page with 200", _replaced(b"<html>It works!</html>", is_applied=False)),
    Fault("broken", "no JSON", _replaced(b"applied", is_applied=True)),
    Fault("broken", "an empty answer", _replaced(b"", is_applied=True)),
    Fault("5xx", "500", _refused("InternalServerError", 500)),
    Fault("5xx", "500 after all", _refused("InternalServerError", 500, is_applied=True)),
    Fault("5xx", "a page with 503", _replaced(b"<html>", is_applied=False, status=503)),
    *(
        Fault("throttled", code, _refused(code))
        for code in (
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
        )
    ),
)
"""All but requests that are late."""


@frozen
class Sent:
    """One request that the SDK sent, be it for the first time."""

    operation: str
    body: bytes

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it names."""
        return tuple(dict.fromkeys(_tables(json.loads(self.body))))

    def __str__(self) -> str:
        return f"{self.operation} on {', '.join(self.tables) or 'a stream'}"


def _tables(request: Any) -> Iterator[str]:
    if "TableName" in request:
        yield request["TableName"]
    yield from request.get("RequestItems", ())
    for action in request.get("TransactItems", ()):
        yield from (each["TableName"] for each in action.values())


@frozen(kw_only=True)
class Trouble:
    """Which request meets what, of those that are sent from the beginning of a use case on.

    `lasting`: every attempt at it, not just the first. Without a fault the request is held back:
    its sender takes it for lost, and it arrives when `arrives` more requests were answered, or when
    all is over (None). The clock turns by `turned` seconds meanwhile.
    """

    at: int
    fault: Fault | None = None
    lasting: bool = False
    arrives: int | None = None
    turned: float = 0.0

    @property
    def is_late(self) -> bool:
        """Whether the request is held back."""
        return self.fault is None

    @property
    def is_decided_by_the_engine(self) -> bool:
        """Whether it is the engine that keeps the request from being applied twice, or too late."""
        return self.fault is None or self.fault.kind == "answer lost"

    def __str__(self) -> str:
        often = " at every attempt" if self.lasting else ""
        if self.fault is not None:
            return f"{self.fault.kind}: {self.fault.name}{often}"
        when = "after all" if self.arrives is None else f"{self.arrives} answers later"
        return f"late{often}: arrives {when}, by a clock that turned {self.turned:g} s"


def _session() -> URLLib3Session:
    # As a client does it: otherwise each request waits for an acknowledgement of its first part.
    return URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])


@define(eq=False)
class Network:
    """Between the clients of one service and its engine. Lets everything pass without `troubles`.

    `after` is called with the number of a request when that is answered or lost. `written` are the
    tables that may have been written to since somebody who read them took the names away.
    """

    turn: Callable[[float], None]
    troubles: tuple[Trouble, ...] = ()
    after: Callable[[int], None] = lambda _: None
    sent: list[Sent] = field(factory=list)
    written: set[str] = field(factory=set)
    arrivals: list[str] = field(factory=list)
    _held: list[tuple[Sent, Request]] = field(factory=list)
    _answered_since: int = 0
    _http: URLLib3Session = field(factory=_session)

    def attach(self, client: Client) -> None:
        """Comes between a client and the engine."""
        client.meta.events.register("before-send", self._pass)

    def reset(self) -> None:
        """Forgets what was sent. What is held back is dropped."""
        self.troubles, self.after, self._answered_since = (), lambda _: None, 0
        self.sent, self.arrivals, self._held = [], [], []

    def release(self) -> None:
        """What is held back arrives."""
        held, self._held = self._held, []
        for sent, request in held:
            self._note(sent)
            answer = self._http.send(request)
            code = "" if answer.status_code == 200 else str(json.loads(answer.content)["__type"])
            self.arrivals.append(code.rpartition("#")[2])

    def _pass(self, request: Request, **_: Any) -> AWSResponse:
        sent = Sent(_operation(request), bytes(request.body))
        number = len(self.sent)
        self.sent.append(sent)
        self._note(sent)
        was_held = bool(self._held)
        try:
            return self._meet(number, sent, request)
        finally:
            if was_held:
                self._answered_since += 1
            self._release_if_due()
            self.after(number)

    def _note(self, sent: Sent) -> None:
        if sent.operation in TABLE_WRITES:
            self.written.update(sent.tables)

    def _meet(self, number: int, sent: Sent, request: Request) -> AWSResponse:
        for trouble in self.troubles:
            repeats = trouble.lasting and number > trouble.at and sent == self.sent[trouble.at]
            if number != trouble.at and not repeats:
                continue
            if trouble.fault is not None:
                return trouble.fault.meet(self._http.send, request)
            self._held.append((sent, request))
            self.turn(trouble.turned)
            raise _lost(request)
        return self._http.send(request)

    def _release_if_due(self) -> None:
        due = [t.arrives for t in self.troubles if t.fault is None]
        if self._held and due and due[0] is not None and self._answered_since >= due[0]:
            self.release()


def _operation(request: Request) -> str:
    headers: Mapping[str, Any] = request.headers
    target = headers["X-Amz-Target"]
    text = target.decode() if isinstance(target, bytes) else str(target)
    return text.rpartition(".")[2]
