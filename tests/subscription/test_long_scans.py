"""Beginning with a large table: the positions that were fixed first outlive their iterators."""

from __future__ import annotations

import pytest

from application.ports.subscriptions import Start
from infrastructure.dynamodb.change_feed import table_changes
from tests.subscription.simulated_stream import ROUGH
from tests.subscription.world import World

SEEDS = range(5)
HOUR = 3600.0


def large(seed: int) -> World:
    """More records than are looked through for the newest one, so that no number is known."""
    world = World(seed, chances=ROUGH, listings_late=3)
    for _ in range(60):
        world.commit()
    world.table.publish(1000)
    world.clock.advance(HOUR)
    return world


def read_while_others_write(world: World, *, pause: float, start: Start = Start.BEGINNING) -> None:
    with world.open(start) as subscription:
        for count, event in enumerate(subscription):
            world.deliver(event)
            if count < 150:
                world.clock.advance(pause)
                world.table.publish(2)
                if count % 5 == 0:
                    world.commit()
                if count % 40 == 0:
                    world.table.split()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pause", [0.0, 10.0, HOUR / 3])
def test_what_is_committed_during_a_scan_comes_once(seed: int, pause: float) -> None:
    world = large(seed)

    read_while_others_write(world, pause=pause)

    assert world.failures() == []
    assert len(world.delivered) == len(set(world.delivered))


@pytest.mark.parametrize("seed", SEEDS)
def test_who_dies_in_a_scan_is_followed_by_one_that_goes_on_with_it(seed: int) -> None:
    world = large(seed)
    for _ in range(8):
        subscription = world.open()
        world.read(subscription, 20)
        world.commit()
        world.kill(subscription)

    read_while_others_write(world, pause=1.0, start=Start.CHECKPOINT)

    # The number of the newest record was not found, so records from before come again.
    assert [f for f in world.failures() if not f.startswith("repeated")] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_now_is_kept_for_hours_though_iterators_are_not(seed: int) -> None:
    world = large(seed)
    before = dict(world.committed)
    subscription = world.open(Start.NOW)
    world.clock.advance(5 * HOUR)
    for _ in range(10):
        world.commit()
    with subscription:
        for event in subscription:
            world.deliver(event)

    after = sum(world.committed.values()) - sum(before.values())
    assert len(world.delivered) == len(set(world.delivered)) == after


def test_iterators_are_kept_fresh_while_the_scan_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the records since the beginning are read again; nothing is lost either way."""
    fresh = large(0)
    read_while_others_write(fresh, pause=20.0)
    monkeypatch.setattr(table_changes, "FRESH_SECONDS", 10 * HOUR)
    stale = large(0)
    read_while_others_write(stale, pause=20.0)

    assert stale.failures() == fresh.failures() == []
    read = [w.stream.requests.count("GetShardIterator") for w in (fresh, stale)]
    assert read[0] != read[1]
