"""Instances that run one projector at once, while others write: one state, of all events."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from infrastructure.projections.projection import SavePolicy
from tests.projecting import Projecting, projecting
from tests.stores import Store
from tests.tagged_events.samples import BOOK

INSTANCES = 3
NOTES = 40


@pytest.fixture
def world(racing_store: Store) -> Projecting:
    return projecting(racing_store, page_size=3)


def test_several_instances_make_one_state(world: Projecting) -> None:
    """Their leases end early, so that each may believe that it is the one."""
    written = Event()

    def wait(stopping: Event, seconds: float) -> None:
        world.notes.clock.advance(25)
        found = world.read()
        if written.is_set() and found is not None and found.events == NOTES:
            stopping.set()

    def write() -> None:
        for n in range(NOTES):
            world.notes.note(f"note-{n}", BOOK)
        written.set()

    policy = SavePolicy(events=2)
    runners = [world.runner(wait=wait, policy=policy) for _ in range(INSTANCES)]
    threads = [Thread(target=each.run, daemon=True) for each in runners]
    threads.append(Thread(target=write, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert [runner.failures for runner in runners] == [0] * INSTANCES
    assert world.state() == world.expected()
