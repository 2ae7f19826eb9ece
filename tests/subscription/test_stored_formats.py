"""What subscriptions store is read by later versions: these texts never change."""

from __future__ import annotations

import pytest

from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from infrastructure.dynamodb.change_feed.frontier import Frontier
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition
from infrastructure.dynamodb.models.checkpoints import CheckpointModel
from infrastructure.subscriptions.event_subscription import subscription_key
from infrastructure.subscriptions.stream_order import OpenCommits
from tests.subscription.subscribing import stream_id
from tests.subscription.world import World
from tests.times import NOW

POSITIONS = {
    "since@1795200000": ShardPosition(Place.SINCE, 1795200000),
    "since:111@1795200000": ShardPosition(Place.SINCE, 1795200000, "111"),
    "start@1795200000": ShardPosition(Place.START, 1795200000),
    "at:4421584500000000017450439091@1795200000": ShardPosition(
        Place.AT, 1795200000, "4421584500000000017450439091"
    ),
    "after:111@1795200000": ShardPosition(Place.AFTER, 1795200000, "111"),
    "end:111@1795200000": ShardPosition(Place.END, 1795200000, "111"),
    "end@0": ShardPosition(Place.END, 0),
}


@pytest.mark.parametrize(("text", "position"), POSITIONS.items())
def test_positions(text: str, position: ShardPosition) -> None:
    assert str(position) == text
    assert ShardPosition.parse(text) == position


def test_key_of_a_subscription() -> None:
    assert subscription_key("events", "mailer") == "events#mailer"


def test_attributes_of_the_table_of_checkpoints() -> None:
    names = {each.attr_name for each in CheckpointModel.get_attributes().values()}

    assert names == {
        "id",
        "owner",
        "leaseUntil",
        "writtenAt",
        "token",
        "revision",
        "checkpoint",
    }
    assert CheckpointModel.Meta.table_name == "checkpoints"


def test_checkpoint_of_a_stream() -> None:
    world = World(seed=1, partitions=1)
    moment = int(world.clock.now().timestamp())
    with world.open():
        pass
    (shard,) = world.table.shards

    assert world.checkpoints.stored == {
        "stream": "arn:aws:dynamodb:eu-central-1:000000000000:table/events/stream/2026",
        "scan": "null",
        f"shard:{shard}": f"since@{moment}",
    }


def test_checkpoint_within_a_scan() -> None:
    world = World(seed=1, partitions=1)
    world.commit("a", 3)
    with world.open() as subscription:
        world.read(subscription, 2)

    assert world.checkpoints.stored is not None
    assert world.checkpoints.stored["scan"] == '{"pk":{"S":"Note:a"},"sk":{"N":"1"}}'


def test_shards_in_a_checkpoint() -> None:
    frontier = Frontier("events", {"shardId-1": ShardPosition(Place.AFTER, 7, "111")})

    assert frontier.entries() == {"shard:shardId-1": "after:111@7"}
    assert Frontier.of_entries("events", frontier.entries())["shardId-1"] == frontier["shardId-1"]


def test_notes_of_commits_that_arrived_in_part() -> None:
    commits = OpenCommits()
    commits.arrived([record(version=7, first=5, count=3)], last=7)

    assert commits.notes() == {"Note:a": "5:7:4"}
    assert list(OpenCommits().load(commits.notes())) == [(stream_id("a"), 5, 7)]


def record(*, version: int, first: int, count: int) -> StoredEvent:
    return StoredEvent(
        stream=stream_id("a"),
        version=version,
        event_id="id",
        type="Noted",
        event=RawEvent("Noted", 1, b"{}"),
        timestamp=NOW,
        metadata=EventMetadata(),
        commit_id="commit",
        commit_first=first,
        commit_count=count,
    )
