"""Running projectors in a time that passes only when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from threading import Event

from attrs import define, evolve, field

from application.ports.dcb_store import SequencedEvent
from application.ports.projections import Projected
from application.projector import AnyProjector
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.tables.checkpoints import DynamoDBCheckpointTable
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.projections.heartbeats import TableProjectionHeartbeats
from infrastructure.projections.projection import Build, Projection, SavePolicy
from infrastructure.projections.reading import StoredProjections
from infrastructure.projections.runner import ProjectionProgress, ProjectorRunner
from infrastructure.projections.states import TableProjectionStore
from infrastructure.subscriptions.change_reader import Wait
from infrastructure.subscriptions.leases import CHECKPOINTS, CheckpointTable, SubscriptionLease
from infrastructure.tagged_events.query import StoredQuery
from tests.projections import heartbeat_table, projection_store, state_table
from tests.samples.projectors import TALLY, Tally
from tests.stores import Store
from tests.tagged_events.following import WINDOW, Following, following

LEASE = 60.0
PAST = WINDOW.total_seconds() + 1


class Killed(BaseException):
    """The instance is gone."""


@define
class Projecting:
    """Events of one store, and runners of projectors over them: each is another instance's."""

    notes: Following
    states: TableProjectionStore
    heartbeats: TableProjectionHeartbeats
    checkpoints: CheckpointTable
    page_size: int = 500
    projection: type[Projection[Tally]] = Projection
    folded: list[str] = field(factory=list)
    progress: list[ProjectionProgress] = field(factory=list)

    def runner(
        self,
        projector: AnyProjector = TALLY,
        *,
        wait: Wait | None = None,
        on_progress: Callable[[ProjectionProgress], object] | None = None,
        policy: SavePolicy | None = None,
    ) -> ProjectorRunner:
        """Unless it is told otherwise, it stops when it has been idle for the third time."""
        instance = self.notes.store.ids.new_id()
        lease = f"tagged-events#{projector}"
        return ProjectorRunner(
            projector=projector,
            open=lambda: self._projection(projector, policy or SavePolicy()),
            make_lease=lambda: SubscriptionLease(
                self.checkpoints, lease, instance, self.notes.clock, LEASE
            ),
            store=self.states,
            heartbeats=self.heartbeats,
            clock=self.notes.clock,
            instance=instance,
            host="host-1",
            wait=wait or self.passing(),
            on_progress=on_progress or self.progress.append,
        )

    def run(self) -> None:
        """An instance runs until it has nothing more to do."""
        self.runner().run()

    def run_and_die(self, looks: int) -> None:
        """An instance runs, and is gone after so many looks; its lease runs out."""
        left = [looks]

        def count(_: object) -> None:
            left[0] -= 1
            if not left[0]:
                raise Killed

        try:
            self.runner(on_progress=count).run()
        except Killed:
            self.notes.clock.advance(LEASE)

    def passing(self, times: int = 3) -> Wait:
        """In place of waiting: the safe window passes; after so many times it stops."""
        left = [times]

        def wait(stopping: Event, seconds: float) -> None:
            self.notes.pass_window()
            left[0] -= 1
            if not left[0]:
                stopping.set()

        return wait

    def read(self) -> Projected[Tally] | None:
        return StoredProjections(self.states).read(TALLY)

    def state(self) -> Tally:
        """What is stored."""
        found = self.read()
        assert found is not None
        return found.state

    def expected(self) -> Tally:
        """All events of the store folded in their order."""
        registry = self.notes.store.options.contexts.event_types
        query = StoredQuery.of(TALLY.query, registry.name_of)
        every = self.notes.store.provider.tagged_events().in_order()
        return reduce(TALLY.fold, filter(query.matches, every), Tally())

    def _projection(self, projector: AnyProjector, policy: SavePolicy) -> Projection[Tally]:
        follower = self.notes.follower(projector.query, self.page_size)
        decode = self.notes.store.dcb_store().decoded

        def decoded(event: SequencedEvent) -> SequencedEvent:
            self.folded.append(event.event_id)
            return decode(event)

        return self.projection(
            projector,
            self.states,
            follower,
            decoded,
            self.notes.clock,
            build=Build(source="tests", host="host-1"),
            policy=policy,
        )


def projecting(store: Store, *, page_size: int = 500) -> Projecting:
    """Projectors over the events of an empty store."""
    notes = following(store)
    states = evolve(projection_store(state_table(store)), clock=notes.clock)
    return Projecting(
        notes,
        states,
        TableProjectionHeartbeats(
            table=heartbeat_table(store), clock=notes.clock, lasting=timedelta(minutes=2)
        ),
        _checkpoints(store),
        page_size,
    )


def _checkpoints(store: Store) -> CheckpointTable:
    if isinstance(store.provider, DynamoDBProvider):
        return DynamoDBCheckpointTable(store.gateway, store.table(CHECKPOINTS))
    return MemoryCheckpointTable()
