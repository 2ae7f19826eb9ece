"""Another commit between two attempts at a write: it came before, or after, and so it is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from zlib import crc32

from attrs import frozen

from domain.errors import DynastrataError
from infrastructure.dynamodb.gateway.gateway import WRITES
from tests.faults.matrix.beginning import begin
from tests.faults.matrix.cases import CACHES, COUNTS, all_troubles, met
from tests.faults.matrix.invariants import broken
from tests.faults.matrix.network import Sent, Trouble
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import (
    NOT_WRITTEN,
    RETURNED,
    UNKNOWN,
    Other,
    Told,
    UseCase,
    told_by,
)

_MADE = re.compile(r"-\d{4}(?!-)|secret \d+|[0-9a-f]{64}|(?<=version=)\d+")
"""Ids, secrets and their hashes: how many are made depends on who came first. So does the version
that is shown, of a change that commutes.
"""

_FIRST, _LAST = -1, 1_000_000
"""Others come before the first request, or after the last one."""


@frozen
class Outcome:
    """What the caller was told, and what the tables hold in the end."""

    told: Told
    held: Counter[str]
    sent: Sequence[Sent]
    invalid: Sequence[str]


def check(service: Service, use_case: UseCase, *, whole: bool) -> None:
    """Lets others commit after each fault of each write. Fails with all that is wrong then."""
    others = list(use_case.others.items())
    # One of them stands for the others, not the same one everywhere.
    some = others if whole else [others[crc32(str(use_case).encode()) % len(others)]]
    found = [
        failure
        for name, other in some
        for failure in _failures(service, use_case, name, other, whole=whole)
    ]
    assert not found, "\n".join([f"{len(found)} cases fail", *found])


def _failures(
    service: Service, use_case: UseCase, name: str, other: Other, *, whole: bool
) -> Iterator[str]:
    before = _run(service, use_case, other, _FIRST)
    after = _run(service, use_case, other, _LAST)
    alone = _run(service, use_case, other, _FIRST, is_alone=True)
    for at, sent in enumerate(after.sent):
        if sent.operation not in WRITES:
            continue
        between = _run(service, use_case, other, at - 1)
        kinds = all_troubles(at, at + 2)
        for trouble in met(service, kinds, f"{use_case} {name}", whole=whole):
            outcome = _run(service, use_case, other, at, trouble)
            problems = [*_disagreements(outcome, alone, before, between, after), *outcome.invalid]
            if problems:
                request = str(sent).replace(service.tables.prefix, "")
                facts = [f"{trouble}; meanwhile: {name}", f"told: {outcome.told}", *problems]
                yield f"{use_case}, request {at + 1}, {request}\n  " + "\n  ".join(facts)


def _disagreements(outcome: Outcome, alone: Outcome, *in_order: Outcome) -> Iterator[str]:
    """What was told and what is stored are as if nothing but the order of commits had happened."""
    if outcome.told.how in {UNKNOWN, NOT_WRITTEN}:
        allowed = [alone] if outcome.told.how == NOT_WRITTEN else [alone, *in_order]
    else:
        allowed = [each for each in in_order if each.told == outcome.told]
    if not allowed:
        yield "not told: " + "\n  nor told: ".join(str(each.told) for each in in_order)
    elif all(outcome.held != each.held for each in allowed):
        for item in outcome.held - allowed[0].held:
            yield f"the tables have {item}"
        for item in allowed[0].held - outcome.held:
            yield f"the tables lack {item}"


def _run(
    service: Service,
    use_case: UseCase,
    other: Other,
    at: int,
    *troubles: Trouble,
    is_alone: bool = False,
) -> Outcome:
    """Runs the use case while others act once the request `at` is answered; or the others alone."""
    prepared = begin(service, use_case)
    due = [other]

    def act(number: int) -> None:
        # Refused, where there is nothing left for them to do.
        with service.undisturbed(), suppress(DynastrataError):
            if number >= at and due:
                due.pop()(service, prepared)

    if at == _FIRST:
        act(at)
    service.network.troubles, service.network.after = troubles, act
    told = Told(RETURNED, "nothing") if is_alone else told_by(service, use_case, prepared)
    act(_LAST)
    service.network.release()
    sent, items = tuple(service.network.sent), service.tables.items()
    service.network.reset()
    held = Counter(
        f"{table} {_masked(text)}"
        for table, found in service.state(items).items()
        if table not in CACHES + COUNTS
        for text in found.values()
    )
    return Outcome(Told(told.how, _masked(told.what)), held, sent, broken(service.contexts, items))


def _masked(text: str) -> str:
    return _MADE.sub("…", text)
