"""A simulated world and what happens in it, step by step, by chance."""

from __future__ import annotations

from application.ports.subscriptions import Start
from tests.subscription.simulated_stream import ROUGH
from tests.subscription.world import World


def lives(seed: int, *, steps: int = 120, world: World | None = None) -> World:
    """Writers, shards that split and go, and one subscriber after the other; then all is read."""
    world = world or World(seed, chances=ROUGH, listings_late=3)
    for _ in range(world.random.randint(0, 6)):
        world.commit()
    subscription = world.open()
    for _ in range(steps):
        match world.random.choices(
            ("commit", "publish", "split", "merge", "trim", "kill", "close", "read"),
            (35, 25, 6, 3, 4, 6, 4, 20),
        )[0]:
            case "commit":
                world.commit()
            case "publish":
                world.table.publish(world.random.randint(1, 6))
            case "split":
                world.table.split()
            case "merge":
                world.table.merge()
            case "trim":
                world.trim_what_is_read()
            case "kill":
                world.kill(subscription)
                subscription = world.open()
            case "read" if world.read(subscription, world.random.randint(1, 8)):
                pass
            case _:
                subscription.close()
                subscription = world.open()
    world.kill(subscription)
    world.read_to_the_end()
    return world


def one_life(seed: int, *, start: Start = Start.CHECKPOINT, remembered: int = 100_000) -> World:
    """One subscriber from the first event to the last, while shards split and merge."""
    world = World(seed, chances=ROUGH, partitions=4, listings_late=3, remembered=remembered)
    for _ in range(world.random.randint(0, 30)):
        world.commit()
    with world.open(start) as subscription:
        for _ in range(150):
            match world.random.choices(
                ("commit", "publish", "split", "merge", "read"), (35, 30, 6, 4, 25)
            )[0]:
                case "commit":
                    world.commit()
                case "publish":
                    world.table.publish(world.random.randint(1, 6))
                case "split":
                    world.table.split()
                case "merge":
                    world.table.merge()
                case _:
                    world.commit()  # so that there is something to read
                    assert world.read(subscription, 1)
        for event in subscription:
            world.deliver(event)
    return world
