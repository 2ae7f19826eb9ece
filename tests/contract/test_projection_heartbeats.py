"""What every adapter promises about the heartbeats of those who run projections."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.ports.projection_store import ProjectionHeartbeats
from domain.errors import InvalidValue
from infrastructure.projections.table import PROJECTION_STATES, HeartbeatTable
from tests.projections import (
    heartbeat_table,
    heartbeats,
    instance,
    persist,
    projection_store,
    state_table,
)
from tests.stores import Store, on_dynamodb
from tests.times import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def table(store: Store) -> HeartbeatTable:
    return heartbeat_table(store)


@pytest.fixture
def beats(table: HeartbeatTable) -> ProjectionHeartbeats:
    return heartbeats(table)


def test_nobody_runs_before_the_first_heartbeat(beats: ProjectionHeartbeats) -> None:
    assert beats.instances() == []


def test_each_instance_is_told_with_its_last_heartbeat(beats: ProjectionHeartbeats) -> None:
    others = [
        instance(projector="roster", version="2", last_position=None),
        instance("instance-2", host="host-2"),
        instance(projector="course"),
    ]
    for each in (instance(seen=NOW - SECOND, last_position=None), instance(), *others):
        beats.beat(each)

    assert beats.instances() == [others[2], instance(), others[1], others[0]]


def test_who_was_not_seen_for_long_does_not_run(table: HeartbeatTable) -> None:
    heartbeats(table).beat(instance())
    heartbeats(table).beat(instance("instance-2", NOW + 30 * SECOND))

    def running(after: timedelta) -> list[str]:
        return [each.name for each in heartbeats(table, NOW + after).instances()]

    assert running(59 * SECOND) == ["instance-1", "instance-2"]
    assert running(60 * SECOND) == ["instance-2"]
    assert running(90 * SECOND) == []


def test_a_heartbeat_that_comes_late_changes_nothing(beats: ProjectionHeartbeats) -> None:
    beats.beat(instance())
    beats.beat(instance(seen=NOW - SECOND, last_position=None))

    assert beats.instances() == [instance()]


@pytest.mark.parametrize("name", ["a#b", "worker-1:4711", "é", "x" * 512])
def test_any_printable_name_will_do(beats: ProjectionHeartbeats, name: str) -> None:
    beats.beat(instance(name))

    assert beats.instances() == [instance(name)]


@pytest.mark.parametrize("name", ["", "x" * 513, "line\n", "\ud800"])
def test_what_can_be_no_name_is_refused(beats: ProjectionHeartbeats, name: str) -> None:
    with pytest.raises(InvalidValue, match="name"):
        beats.beat(instance(name))


def test_a_projector_that_can_be_none_is_refused(beats: ProjectionHeartbeats) -> None:
    with pytest.raises(InvalidValue, match="projector"):
        beats.beat(instance(projector="a#b"))
    with pytest.raises(InvalidValue, match="version"):
        beats.beat(instance(version=""))


def test_states_and_heartbeats_are_told_apart(store: Store) -> None:
    states, beats = projection_store(state_table(store)), heartbeats(heartbeat_table(store))
    beats.beat(instance())
    persist(states)

    assert [state.projector for state in states.list()] == ["roster"]
    assert beats.instances() == [instance()]
    assert states.delete_all() == 1
    assert beats.instances() == [instance()]


@on_dynamodb
def test_a_heartbeat_expires_by_itself(store: Store) -> None:
    heartbeats(heartbeat_table(store)).beat(instance())

    (item,) = store.gateway.call("Scan", {"TableName": store.table(PROJECTION_STATES)})["Items"]
    assert item["ttl"] == {"N": str(int((NOW + timedelta(minutes=1)).timestamp()))}
