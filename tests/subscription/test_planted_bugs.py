"""The simulation bites: each of these mistakes, made on purpose, makes it fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.ports.event_store import StoredEvent
from domain.errors import DynastrataError
from infrastructure.dynamodb.change_feed.frontier import Frontier
from infrastructure.dynamodb.change_feed.lineage import Lineage
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.change_feed.tail import Tail
from infrastructure.subscriptions.leases import Checkpoint
from infrastructure.subscriptions.stream_order import OpenCommits, StreamOrder
from tests.subscription.lives import lives

Plant = Callable[[pytest.MonkeyPatch], None]


def children_from_their_newest_record(monkeypatch: pytest.MonkeyPatch) -> None:
    iterator = TableStream.iterator

    def wrong(self: TableStream, arn: str, shard_id: str, position: ShardPosition | None) -> str:
        is_child = position is not None and position.place is Place.START
        return iterator(self, arn, shard_id, None if is_child else position)

    monkeypatch.setattr(TableStream, "iterator", wrong)


def children_before_their_parents_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both by the lineage and by age: either of them alone keeps most of the order."""
    follow, age = Frontier.follow, Tail._age

    def wrong(self: Frontier, lineage: Lineage) -> None:
        follow(self, lineage)
        read = {*self.unfinished(lineage), *self.finished(lineage)}
        for shard in lineage:
            if shard.id not in read | lineage.ancestors(read):
                self[shard.id] = ShardPosition(Place.START, 0)

    def youngest_first(self: Tail, shard_id: str) -> tuple[int, str]:
        return -age(self, shard_id)[0], shard_id

    monkeypatch.setattr(Frontier, "follow", wrong)
    monkeypatch.setattr(Tail, "_age", youngest_first)


def checkpoint_before_the_events_are_dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = TableChanges.checkpoint

    def wrong(self: TableChanges[StoredEvent], handled: int) -> Checkpoint:
        current = self._tail._current
        is_whole = self._scan is None and current is not None
        return checkpoint(self, len(current.page.records) if is_whole and current else handled)

    monkeypatch.setattr(TableChanges, "checkpoint", wrong)


def only_the_first_page_of_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    lineage = TableStream.lineage

    def wrong(self: TableStream, arn: str) -> Lineage:
        every = list(lineage(self, arn))
        return Lineage(every[:2])

    monkeypatch.setattr(TableStream, "lineage", wrong)


def missing_events_not_read_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StreamOrder, "_missing", lambda *_: ())


def half_arrived_commits_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenCommits, "notes", lambda _: {})


def numbers_compared_as_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    after = ShardPosition.after

    def wrong(self: ShardPosition, record: object) -> ShardPosition:
        moved = after(self, record)  # type: ignore[arg-type]  # as it was called
        return moved if moved.sequence > self.sequence else self

    monkeypatch.setattr(ShardPosition, "after", wrong)


@pytest.mark.parametrize(
    "plant",
    [
        children_from_their_newest_record,
        children_before_their_parents_end,
        checkpoint_before_the_events_are_dealt_with,
        only_the_first_page_of_shards,
        missing_events_not_read_from_the_table,
        half_arrived_commits_forgotten,
        numbers_compared_as_texts,
    ],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    plant(monkeypatch)

    assert any(fails(seed) for seed in range(15))


def fails(seed: int) -> bool:
    try:
        return bool(lives(seed).failures())
    except DynastrataError:
        return True
