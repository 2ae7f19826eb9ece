"""Late requests of what a claim refuses, which others take and free in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from attrs import define, frozen

from domain.errors import DynastrataError
from infrastructure.outbox.table import OUTBOX
from tests.faults.matrix.beginning import begin
from tests.faults.matrix.cases import all_troubles, chosen
from tests.faults.matrix.invariants import Items, broken
from tests.faults.matrix.network import Trouble
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import (
    NOT_WRITTEN,
    REFUSED,
    RETURNED,
    UNKNOWN,
    Told,
    UseCase,
    told_by,
)

MAX_MOMENTS = 4
"""After the first attempt, which is late, after the second, after the one that spends the token,
and when all is over.
"""

NEVER = MAX_MOMENTS + 1


@frozen(kw_only=True)
class Claimed:
    """A use case that takes a unique value, by its request `at` (from 0).

    `take` lets somebody else take the value; `free` gets what that returned, and lets them give it
    up. `message` is the type of the message that the use case leaves, under the id that `prepare`
    returned, or the next one.
    """

    use_case: UseCase
    at: int
    take: Callable[[Service], Any]
    free: Callable[[Service, Any], object]
    message: str


@frozen
class Order:
    """When the others take and free the value, and when the first attempt arrives.

    `first` has the late one come before the others do anything at that moment.
    """

    taken: int
    freed: int
    arrives: int
    first: bool


def orders() -> Iterator[Order]:
    """Every order of these, once: who is first matters only at one moment."""
    moments = range(1, MAX_MOMENTS + 1)
    for taken, freed, arrives, first in product(
        moments, range(1, NEVER + 1), moments, (True, False)
    ):
        is_at_one_moment = arrives in {taken, freed}
        if taken <= freed and (first or is_at_one_moment):
            yield Order(taken, freed, arrives, first)


def check(service: Service, claimed: Claimed, *, whole: bool) -> None:
    """Runs the use case in every order. Fails with all in which something is wrong."""
    found = _failures(service, claimed, whole=whole)
    assert not found, "\n".join([f"{len(found)} cases fail", *found])


def _failures(service: Service, claimed: Claimed, *, whole: bool) -> list[str]:
    found = []
    for order in orders():
        # One that takes the value after all attempts is only refused itself.
        if whole or order.taken == 1:
            problem = _failure(service, claimed, order)
            if problem:
                found.append(f"{claimed.use_case}, {order}\n  {problem}")
    kinds = list(all_troubles(claimed.at + 2, 0))[:-1]  # the last kind is late
    for spending in chosen(kinds, str(claimed.use_case), whole=whole):
        problem = _failure(service, claimed, Order(1, 3, 4, first=False), spending)
        if problem:
            found.append(f"{claimed.use_case}, the token is spent with {spending}\n  {problem}")
    return found


def _failure(service: Service, claimed: Claimed, order: Order, *more: Trouble) -> str:
    prepared = begin(service, claimed.use_case)
    # The id of who registers is the next one.
    key = prepared or service.ids.following()
    others = _Others(service, claimed)
    moments = iter([list(_steps(others, order, moment)) for moment in range(1, NEVER + 1)])

    def answered(number: int) -> None:
        if number >= claimed.at:
            _do(next(moments, []))

    service.network.troubles = (Trouble(at=claimed.at), *more)
    service.network.after = answered
    told = told_by(service, claimed.use_case, prepared)
    for steps in moments:
        _do(steps)
    items = service.tables.items()
    problems = list(_disagreements(told, is_applied=_has_message(items, key, claimed.message)))
    problems += broken(service.contexts, items)
    sent = [each.operation for each in service.network.sent]
    answers = service.network.arrivals
    service.network.reset()
    if not problems:
        return ""
    facts = [f"told: {told}, sent {sent}, the late one was answered {answers}", *problems]
    return "\n  ".join(facts)


@define
class _Others:
    """Who takes the value and gives it up, if they get it."""

    service: Service
    claimed: Claimed
    taken: Any = None

    def take(self) -> None:
        with self.service.undisturbed(), suppress(DynastrataError):  # refused: the value is ours
            self.taken = self.claimed.take(self.service)

    def free(self) -> None:
        if self.taken is not None:
            with self.service.undisturbed():
                self.claimed.free(self.service, self.taken)


def _steps(others: _Others, order: Order, moment: int) -> Iterator[Callable[[], object]]:
    release = others.service.network.release
    if order.arrives == moment and order.first:
        yield release
    if order.taken == moment:
        yield others.take
    if order.freed == moment != NEVER:
        yield others.free
    if order.arrives == moment and not order.first:
        yield release


def _do(steps: Sequence[Callable[[], object]]) -> None:
    for step in steps:
        step()


def _has_message(items: Items, key: str, message_type: str) -> bool:
    return any(
        (item["pk"]["S"], item["messageType"]["S"]) == (key, message_type)
        for item in items.get(OUTBOX, ())
        if "messageType" in item
    )


def _disagreements(told: Told, *, is_applied: bool) -> Iterator[str]:
    expected = {RETURNED: True, REFUSED: False, NOT_WRITTEN: False, UNKNOWN: is_applied}[told.how]
    if is_applied != expected:
        yield "it was applied" if is_applied else "nothing is left of it"
