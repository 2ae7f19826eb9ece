"""A request that its client may repeat: it is handled once, and each time answered as at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import frozen

from application.ports.inbox import RepeatableRequest
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.errors import Conflict, DynastrataError, RuleViolation

T = TypeVar("T")

Keep = Callable[[UnitOfWork, T], None]
"""What a use case calls with its result before it commits: stages what is kept of it."""


@frozen
class RequestKeyReused(DynastrataError):
    """The client has used the key for another request."""

    key: str

    def __str__(self) -> str:
        return f"the key {self.key} was used for another request"


def answer_once(
    unit_of_work: UnitOfWorkFactory,
    request: RepeatableRequest,
    handle: Callable[[Keep[T]], T],
    answer: Callable[[T], bytes],
) -> bytes:
    """The answer to the first request under this key, whichever it is.

    `handle` gives the request its effect. In the commit of that it calls what it is given, so that
    the effect and the memory of its answer are stored together or not at all. `answer` must say the
    same whenever it is called. A request that is refused leaves nothing: repeated, it is handled
    anew. Raises `RequestKeyReused`, and what `handle` raises; after `CommitOutcomeUnknown` the
    request may be repeated.
    """

    def keep(unit: UnitOfWork, result: T) -> None:
        unit.inbox.keep(request, result, answer)

    first = _first_answer(unit_of_work, request)
    if first is not None:
        return first
    try:
        return answer(handle(keep))
    except (Conflict, RuleViolation):
        # Maybe refused by the same request, which was at work at the same time.
        first = _first_answer(unit_of_work, request)
        if first is None:
            raise
        return first


def _first_answer(unit_of_work: UnitOfWorkFactory, request: RepeatableRequest) -> bytes | None:
    with unit_of_work() as unit:
        receipt = unit.inbox.receipt(request)
    if receipt is None:
        return None
    if receipt.fingerprint != request.fingerprint:
        raise RequestKeyReused(request.key)
    return receipt.answer
