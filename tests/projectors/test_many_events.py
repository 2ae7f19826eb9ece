"""Rebuilding over many events: in constant memory, and the same whatever happens on the way."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import pytest
from attrs import evolve

from tests.projecting import Projecting, projecting
from tests.stores import Store, memory_store
from tests.tagged_events.many import put_many
from tests.tagged_events.samples import OPTIONS

MANY = 10_000
FEW = 600  # on an engine, in as many pages
HISTORY = timedelta(days=1)


def with_many(store: Store, count: int, page_size: int) -> Projecting:
    """A world with so many events of yesterday."""
    world = projecting(store, page_size=page_size)
    put_many(evolve(store, options=OPTIONS), count, world.notes.clock.now() - HISTORY)
    return world


def peak(count: int) -> int:
    """Bytes that a rebuild over so many events takes at most, besides the store."""
    world = with_many(memory_store(), count, page_size=50)
    # What is kept for the tests alone would grow.
    runner = world.runner(on_progress=lambda _: world.folded.clear())
    tracemalloc.start()
    runner.catch_up()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = world.read()
    assert found is not None
    assert found.events == count
    return most


def test_a_rebuild_takes_no_more_memory_for_more_events() -> None:
    few, many = peak(MANY // 10), peak(MANY)
    assert many < few + 500_000  # a tenth of what the events themselves take


@pytest.mark.engine
def test_killed_and_resumed_on_the_way_it_has_the_same_state(ministack_store: Store) -> None:
    world = with_many(ministack_store, FEW, page_size=FEW // 20)
    for looks in (3, 6, 9):
        world.run_and_die(looks)
    world.run()
    assert world.state().events == FEW
    assert world.state() == world.expected()
