"""Writers of one boundary who lose requests and answers, and die at any moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from attrs import evolve

from application.errors import CommitOutcomeUnknown
from domain.tagged_events import AppendConditionFailed, Query, Tag
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from tests.faults.faulty_client import Fault, FaultyClient, Send, answer_lost, request_lost
from tests.stores import Store, client_of
from tests.tagged_events.samples import OPTIONS, Noted, note, texts

pytestmark = [pytest.mark.race, pytest.mark.engine]

PLACES = 6
WRITERS = 8


class Killed(BaseException):
    """The writer is gone, whatever it was doing."""


def unlucky(seed: int) -> Callable[[Send], Any]:
    """Mostly nothing happens; sometimes a request, an answer or the writer is lost."""
    chance = random.Random(seed)

    def fault(send: Send) -> Any:
        luck = chance.random()
        if luck < 0.1:
            return request_lost(send)
        if luck < 0.2:
            return answer_lost(send)
        if luck < 0.25:
            send()
            raise Killed
        if luck < 0.3:
            raise Killed
        return send()

    return fault


class _Endless(list[Fault]):
    """One fault, again and again."""

    def pop(self, _: Any = 0) -> Fault:
        return self[0]


def unlucky_store(store: Store, client: Any, seed: int) -> Store:
    assert isinstance(store.provider, DynamoDBProvider)
    failing = FaultyClient(client, _Endless([unlucky(seed)]))
    policy = RetryPolicy(base=0.001)
    gateway = Gateway(failing, store.meter, policy, trust_read_units=False)
    return evolve(store, provider=evolve(store.provider, gateway=gateway))


@pytest.mark.parametrize("seed", range(6))
def test_a_boundary_is_kept_by_writers_who_lose_answers_and_die(
    ministack_store: Store, ministack: LocalEngine, seed: int
) -> None:
    healthy = evolve(ministack_store, options=OPTIONS)
    course, barrier = Tag("course"), Barrier(WRITERS)
    done: list[str] = []

    def enrol(store: Store, student: str) -> None:
        dcb = store.dcb_store()
        taken = dcb.read(Query.of(course, types={Noted}))
        if len(taken.events) < PLACES:
            dcb.append([note(student, course, Tag(student), event_id=student)], taken.condition)
            done.append(student)

    def work(writer: int) -> None:
        store = unlucky_store(healthy, client_of(ministack.endpoint_url), 100 * seed + writer)
        barrier.wait(timeout=30)
        for attempt in range(5):
            try:
                enrol(store, f"{writer}/{attempt}")
            except (AppendConditionFailed, CommitOutcomeUnknown):
                continue
            except Killed:
                return

    threads = [Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = healthy.dcb_store().read(Query.of(course)).events
    assert len(events) <= PLACES
    assert set(done) <= set(texts(events))
    assert healthy.dcb_store().count(Query.of(course)) == len(events)
    assert len(set(texts(events))) == len(events)
    assert all(
        texts(healthy.dcb_store().read(Query.of(Tag(t))).events) == [t] for t in texts(events)
    )
