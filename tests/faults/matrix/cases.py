"""The matrix: every use case, each of its requests, and everything that can happen to that one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from zlib import crc32

from attrs import frozen

from infrastructure.engines.dynamodb_local import NAME as DYNAMODB_LOCAL
from tests.faults.matrix.beginning import begin
from tests.faults.matrix.invariants import broken
from tests.faults.matrix.network import FAULTS, TABLE_WRITES, Sent, Trouble
from tests.faults.matrix.service import Configure, Service, State, service_in_memory
from tests.faults.matrix.use_cases import NOT_WRITTEN, UNKNOWN, Told, UseCase, told_by

CACHES = ("snapshots",)
"""Tables that may lag behind, or be ahead: nothing rests on them."""

A_MINUTE = 60.0

COUNTS = ("failures",)
"""Tables of what may be counted twice, and is never lost."""

LEASE = {"owner", "leaseUntil", "writtenAt", "token", "revision", "checkpoint"}
"""Attributes of items that are leases."""


@frozen
class Undisturbed:
    """One run to which nothing happened: what was sent, and what the tables held before and after
    each request."""

    told: Told
    sent: Sequence[Sent]
    states: Sequence[State]


def check(service: Service, use_case: UseCase, configure: Configure, *, whole: bool) -> None:
    """Runs the cases of a use case. Fails with all of them in which something is wrong."""
    memory = None
    if use_case.has_memory:
        in_memory = service_in_memory(service.contexts, configure)
        prepared = use_case.prepare(in_memory)
        use_case.empty(in_memory)
        memory = told_by(in_memory, use_case, prepared)
    found = failures(service, use_case, memory, whole=whole)
    assert not found, "\n".join([f"{len(found)} cases fail", *found])


def record(service: Service, use_case: UseCase) -> Undisturbed:
    """Runs the use case on a network that is well."""
    prepared = begin(service, use_case)
    states = [service.state(service.tables.items())]
    service.network.after = lambda _: states.append(service.state(service.tables.items()))
    told = told_by(service, use_case, prepared)
    sent = tuple(service.network.sent)
    service.network.reset()
    use_case.check(service, prepared, told)
    return Undisturbed(told, sent, states)


def all_troubles(at: int, requests: int) -> Iterator[list[Trouble]]:
    """Everything that can happen to one of so many requests, by kind."""
    either = [Trouble(at=at, fault=f, lasting=often) for f in FAULTS for often in (False, True)]
    by_kind = groupby(either, lambda trouble: trouble.fault and trouble.fault.kind)
    yield from (list(of_kind) for _, of_kind in by_kind)
    yield [
        *(Trouble(at=at, arrives=later) for later in range(1, requests - at + 1)),
        Trouble(at=at),
        Trouble(at=at, lasting=True),
        Trouble(at=at, turned=A_MINUTE),
        Trouble(at=at, turned=A_MINUTE, lasting=True, arrives=1),
    ]


def chosen(kinds: Iterable[Sequence[Trouble]], name: str, *, whole: bool) -> Iterator[Trouble]:
    """All of each kind where the `whole` is wanted, else one, not the same one everywhere."""
    for number, kind in enumerate(kinds):
        if whole:
            yield from kind
        else:
            yield kind[crc32(f"{name} {number}".encode()) % len(kind)]


def met(
    service: Service, kinds: Iterable[Sequence[Trouble]], name: str, *, whole: bool
) -> Iterator[Trouble]:
    """What is `chosen`, but on DynamoDB Local what that has no part in only where the `whole` is.

    There it is answers that are lost after the fact, and requests that are late. The rest happens
    before a request gets to an engine, or after its answer: one engine shows that.
    """
    for trouble in chosen(kinds, name, whole=whole):
        if whole or service.engine != DYNAMODB_LOCAL or trouble.is_decided_by_the_engine:
            yield trouble


def _troubles(
    service: Service, use_case: UseCase, sent: Sequence[Sent], *, whole: bool
) -> Iterator[Trouble]:
    """Everything that can happen to each request, or a selection of it.

    A read that the use case has sent before meets one thing only.
    """
    for at, request in enumerate(sent):
        name = f"{use_case} {at}"
        selected = list(met(service, all_troubles(at, len(sent)), name, whole=whole))
        if whole:
            yield from selected
            continue
        is_repeated = request.operation not in TABLE_WRITES and str(request) in map(str, sent[:at])
        yield from chosen([selected], name, whole=False) if is_repeated else selected


def failures(service: Service, use_case: UseCase, memory: Told | None, *, whole: bool) -> list[str]:
    """What is wrong with a use case, in any case of the matrix, or of the selection of it."""
    undisturbed = record(service, use_case)
    requests = len(undisturbed.sent)
    if memory is not None and undisturbed.told != memory:
        return [f"{use_case}: told {undisturbed.told}, in memory {memory}"]
    found = []
    for trouble in _troubles(service, use_case, undisturbed.sent, whole=whole):
        problem = _failure(service, use_case, undisturbed, trouble)
        if problem:
            request = undisturbed.sent[trouble.at]
            found.append(
                f"{use_case}, request {trouble.at + 1} of {requests}, "
                f"{str(request).replace(service.tables.prefix, '')}\n  {trouble}\n  {problem}"
            )
    return found


def _failure(
    service: Service, use_case: UseCase, undisturbed: Undisturbed, trouble: Trouble
) -> str:
    prepared = begin(service, use_case)
    network = service.network
    network.troubles = (trouble,)
    told = told_by(service, use_case, prepared)
    network.release()
    items = service.tables.items()
    state = service.state(items)
    answers = network.arrivals
    network.reset()
    problems: list[str] = []
    if use_case.tells:
        problems += _disagreements(undisturbed, trouble, told, state)
    problems += broken(service.contexts, items)
    try:
        use_case.check(service, prepared, told)
    except AssertionError as error:
        problems.append(f"afterwards: {error}")
    if not problems:
        return ""
    held = f", late ones were answered {answers}" if answers else ""
    return f"told: {told}{held}\n  " + "\n  ".join(problems)


def _disagreements(
    undisturbed: Undisturbed, trouble: Trouble, told: Told, state: State
) -> Iterator[str]:
    """Where what was told and what is stored do not agree."""
    states, is_as_ever = undisturbed.states, told == undisturbed.told
    if trouble.is_late or not is_as_ever:
        state, states = _without_leases(state), [_without_leases(each) for each in states]
    if is_as_ever:
        yield from _lost_counts(state, states[-1])
    state, states = _without(COUNTS, state), [_without(COUNTS, each) for each in states]
    before, after = states[trouble.at : trouble.at + 2]
    if is_as_ever:
        allowed = [states[-1]]
        if trouble.lasting or trouble.turned:
            state, allowed = _without(CACHES, state), [_without(CACHES, each) for each in allowed]
    elif told.how == UNKNOWN:
        allowed = [before, after]
    elif told.how == NOT_WRITTEN:
        allowed = [before]
    else:
        yield f"not told: {undisturbed.told}"
        return
    if not is_as_ever and not trouble.lasting and not trouble.turned:
        yield f"one fault is enough not to be told: {undisturbed.told}"
    if state not in allowed:
        yield "\n  ".join(_difference(state, allowed[-1]))


def _without(tables: Sequence[str], state: State) -> State:
    return {table: found for table, found in state.items() if table not in tables}


def _without_leases(state: State) -> State:
    """The same but for who holds what, and how far they got.

    Who fails gives back what they hold, if they can; and a late request can take a lease that was
    given back, which ends by itself, as that of somebody who died.
    """
    return {
        table: {key: _without_lease(text) for key, text in found.items()}
        for table, found in state.items()
    }


def _without_lease(text: str) -> str:
    item = json.loads(text)
    is_lease = "token" in item
    return json.dumps({k: v for k, v in item.items() if not (is_lease and k in LEASE)})


def _lost_counts(state: State, wanted: State) -> Iterator[str]:
    for table in COUNTS:
        for key, text in wanted.get(table, {}).items():
            there = json.loads(state.get(table, {}).get(key, "{}")).get(table, {"N": "0"})
            if int(there["N"]) < int(json.loads(text)[table]["N"]):
                yield f"{table} has {key} with {there} instead of {text}"


def _difference(state: State, wanted: State) -> Iterator[str]:
    """What the tables hold, as far as it is not what they should hold."""
    for table in sorted(state.keys() | wanted.keys()):
        there, expected = state.get(table, {}), wanted.get(table, {})
        yield from (f"{table} has {key}: {there[key]}" for key in there.keys() - expected.keys())
        yield from (f"{table} has no {key}" for key in expected.keys() - there.keys())
        for key in there.keys() & expected.keys():
            has, lacks = (json.loads(each[key]).items() for each in (there, expected))
            differs = {k: v for k, v in has if (k, v) not in lacks}
            instead = {k: v for k, v in lacks if (k, v) not in has}
            if differs or instead:
                yield f"{table} has {key} with {differs} instead of {instead}"
