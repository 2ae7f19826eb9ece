"""Random histories of writers, of an index and a feed that lag, and of instances that die."""

from __future__ import annotations

from random import Random
from threading import Event

import structlog
from attrs import define, evolve, field

from domain.tagged_events import Tag
from infrastructure.projections.projection import Projection, SavePolicy
from infrastructure.subscriptions.change_reader import Wait
from tests.projecting import Killed, Projecting, projecting
from tests.samples.projectors import Tally
from tests.stores import memory_store
from tests.tagged_events.following import HOUR

STEPS = 60
DELAYS = (0.0, 0.0, 0.0, 1.0, 4.0, 20.0, HOUR)
"""Seconds from taking a position to its commit: none, within the window, far beyond it."""

LAG = 4.0
"""Seconds for which the index hides an event, less than the window."""

LONG_LAG = 500.0
"""The same for an event that the feed tells a projection of."""


@define
class History:
    """One store, and what happens to it, by a seed."""

    random: Random
    world: Projecting
    hidden: dict[str, float] = field(factory=dict)
    count: int = 0

    def play(self) -> None:
        """Everything that happens; at the end one instance runs undisturbed."""
        for _ in range(STEPS):
            self.random.choice(
                (self.write, self.write, self.write, self.wait, self.run, self.lag)
            )()
        self.world.notes.feed.is_behind = False
        self.world.notes.clock.advance(HOUR)
        self.show()
        self.world.run()

    def write(self) -> None:
        self.count += 1
        text = f"event-{self.count}"
        tag = Tag(f"own:{self.count}" if self.random.random() < 0.7 else "shared")
        self.world.notes.note(text, tag, seconds_ago=self.random.choice(DELAYS))
        if self.random.random() < 0.5:
            self.world.notes.table.hidden.add(text)
            is_told = self.world.read() is not None
            self.hidden[text] = self.now + (LONG_LAG if is_told else LAG)
        self.world.notes.clock.advance(self.random.choice((0.001, 0.5, 2.0)))
        self.show()

    def wait(self) -> None:
        self.world.notes.clock.advance(self.random.choice((1.0, 10.0, 700.0)))
        self.show()

    def lag(self) -> None:
        """The feed falls behind, or catches up."""
        self.world.notes.feed.is_behind = not self.world.notes.feed.is_behind

    def rebuild(self) -> None:
        """Somebody wants it to be rebuilt. The index lags no more than usual then."""
        found = self.world.states.latest("tally", "1")
        if found is not None and found.is_live and self.random.random() < 0.3:
            self.world.states.invalidate("tally", "1", found.stamp)
            self.hidden = {text: min(at, self.now + LAG) for text, at in self.hidden.items()}

    def run(self) -> None:
        """An instance runs for a while; it ends, or is killed."""
        looks = [self.random.randint(1, 8)]
        is_killed = self.random.random() < 0.5

        def count(_: object) -> None:
            looks[0] -= 1
            if not looks[0] and is_killed:
                raise Killed

        policy = SavePolicy(events=self.random.choice((1, 3, 1000)))
        world = evolve(self.world, page_size=self.random.choice((1, 2, 500)))
        try:
            world.runner(on_progress=count, policy=policy, wait=self.passing()).run()
        except Killed:
            world.notes.clock.advance(60)
            self.show()

    def passing(self) -> Wait:
        passing = self.world.passing(self.random.randint(1, 4))

        def wait(stopping: Event, seconds: float) -> None:
            passing(stopping, seconds)
            self.show()

        return wait

    def show(self) -> None:
        """The index shows what was hidden for long enough."""
        for text, until in list(self.hidden.items()):
            if until <= self.now:
                del self.hidden[text]
                self.world.notes.table.hidden.discard(text)

    @property
    def now(self) -> float:
        return self.world.notes.clock.now().timestamp()


def played(seed: int, projection: type[Projection[Tally]] = Projection) -> Projecting:
    """The world after a history."""
    world = evolve(projecting(memory_store()), projection=projection)
    with structlog.testing.capture_logs():
        History(Random(seed), world).play()
    return world
