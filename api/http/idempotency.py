"""`Idempotency-Key`: a client may repeat a request, and gets the answer to the first one.

Source: draft-ietf-httpapi-idempotency-key-header-07. The key is optional here, the caller's own,
and kept with the answer in the commit that the request leads to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Annotated, TypeVar

import orjson
from attrs import define, evolve, field, frozen
from fastapi import Depends, Header, Request, Response
from pydantic.json_schema import SkipJsonSchema

from api.http.dependencies import ContainerOf
from api.http.refusals import BadRequest, RequestAtWork
from application.event_context import current_event_context
from application.idempotent_request import Keep, answer_once
from application.ports.inbox import RepeatableRequest
from application.ports.unit_of_work import UnitOfWorkFactory

T = TypeVar("T")

HEADER = "Idempotency-Key"

MAX_KEY = 255

_KEY = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
"""A string of structured fields, not empty. Source: RFC 9651, section 3.3.3."""


@define
class AtWork:
    """The requests that this process handles just now. For any thread."""

    _keys: set[tuple[str, str]] = field(factory=set)
    _lock: Lock = field(factory=Lock)

    @contextmanager
    def holding(self, request: RepeatableRequest) -> Iterator[None]:
        """Raises `RequestAtWork` where one with its key is handled."""
        held = request.client, request.key
        with self._lock:
            if held in self._keys:
                raise RequestAtWork(request.key)
            self._keys.add(held)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(held)


@frozen
class Once:
    """Answers one request. Without a key it is handled as often as it comes."""

    _unit_of_work: UnitOfWorkFactory
    _request: RepeatableRequest | None  # without its client
    _at_work: AtWork

    def answer(
        self, handle: Callable[[Keep[T] | None], T], show: Callable[[T], Response]
    ) -> Response:
        """What `show` makes of the result, or made of it when the request came first.

        `handle` calls a use case with what it is given. Raises `RequestAtWork`, `RequestKeyReused`.
        """
        if self._request is None:
            return show(handle(None))
        request = evolve(self._request, client=_client())
        with self._at_work.holding(request):
            kept = answer_once(
                self._unit_of_work, request, handle, lambda result: _packed(show(result))
            )
        return _unpacked(kept)


def _packed(answer: Response) -> bytes:
    """An answer as it is stored: never change what is read below."""
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    body = bytes(answer.body).decode()
    return orjson.dumps({"status": answer.status_code, "headers": headers, "body": body})


def _unpacked(kept: bytes) -> Response:
    answer = orjson.loads(kept)
    return Response(answer["body"], answer["status"], answer["headers"])


async def _once(
    request: Request,
    container: ContainerOf,
    idempotency_key: Annotated[
        str | SkipJsonSchema[None],
        Header(
            description="A new one for each request, the same where it is repeated: "
            "then it has no second effect, and the answer is the first one.",
            json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
            examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> Once:
    repeatable = None
    if idempotency_key is not None:
        repeatable = RepeatableRequest(
            client="",
            key=_key(idempotency_key.strip()),
            fingerprint=await _fingerprint(request),
            at=_now(container),
        )
    return Once(container.unit_of_work, repeatable, request.app.state.at_work)


OnceOf = Annotated[Once, Depends(_once)]
"""How to answer a request that a client may repeat under an `Idempotency-Key`.

The fingerprint of its body is stored, and so is the answer: neither may hold a secret.
"""


def _client() -> str:
    """Whoever acts. Stored: never change it. Where nobody signs in, all have the same keys."""
    # Known in the route, when every other dependency is there.
    actor = current_event_context().actor
    return "http" if actor is None else f"http {actor}"


def _now(container: ContainerOf) -> datetime:
    now: datetime = container.clock().now()
    return now


def _key(header: str) -> str:
    found = _KEY.fullmatch(header)
    if found is None or len(header) > MAX_KEY:
        raise BadRequest(HEADER, f"must be 1 to {MAX_KEY} ASCII characters in double quotes")
    return re.sub(r"\\(.)", r"\1", found[1])


async def _fingerprint(request: Request) -> str:
    """Of all that the request asks for: its method, its address, and each byte of its body."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return sha256(asked + await request.body()).hexdigest()
