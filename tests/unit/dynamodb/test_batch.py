"""Batch reads ask until everything came, and give up loudly."""

from __future__ import annotations

from typing import Any

import pytest

from application.errors import Throttled
from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.items import Item
from tests.unit.dynamodb.scripted import Answer, FakeTime, gateway, sent


def key(n: int) -> Item:
    return {"id": {"S": f"user-{n}"}}


def keys(count: int) -> list[Item]:
    return [key(n) for n in range(count)]


def answer(found: list[Item], left: list[Item] | None = None) -> Answer:
    """What the service returns: items, and the keys that it did not get to."""
    unprocessed = {"users": {"Keys": left, "ConsistentRead": True}} if left else {}
    return {"Responses": {"users": found}, "UnprocessedKeys": unprocessed}


def asked(request: dict[str, Any]) -> list[Item]:
    """The keys of one request, which reads consistently."""
    assert request["RequestItems"]["users"]["ConsistentRead"] is True
    wanted: list[Item] = request["RequestItems"]["users"]["Keys"]
    return wanted


def test_no_keys_need_no_request() -> None:
    door = gateway(answer([]))

    assert batch_get(door, "users", []) == []
    assert sent(door) == []


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])],
)
def test_keys_go_by_the_hundred(count: int, sizes: list[int]) -> None:
    door = gateway(answer([]))

    batch_get(door, "users", keys(count))

    requests = [asked(request) for _, request in sent(door)]
    assert [len(request) for request in requests] == sizes
    assert [key for request in requests for key in request] == keys(count)


def test_leftovers_are_asked_for_again_and_nothing_is_dropped() -> None:
    wanted = keys(6)
    door = gateway(
        answer(wanted[:2], wanted[2:]), answer(wanted[2:3], wanted[3:]), answer(wanted[3:])
    )

    assert batch_get(door, "users", wanted) == wanted
    assert [asked(request) for _, request in sent(door)] == [wanted, wanted[2:], wanted[3:]]


def test_pauses_grow_while_nothing_comes_and_start_anew_when_something_does() -> None:
    time = FakeTime()
    wanted = keys(2)
    nothing = answer([], wanted)
    door = gateway(
        *(nothing, nothing, answer(wanted[:1], wanted[1:]), answer([], wanted[1:])),
        answer(wanted[1:]),
        time=time,
        base=1.0,
    )

    batch_get(door, "users", wanted)

    assert time.slept == [2.0, 4.0, 1.0, 2.0]


def test_leftovers_that_never_come_are_throttling() -> None:
    time = FakeTime()
    door = gateway(answer([], keys(1)), time=time, attempts=3)

    with pytest.raises(Throttled) as throttled:
        batch_get(door, "users", keys(1))

    assert (throttled.value.table, throttled.value.attempts, throttled.value.reasons) == (
        *("users", 3, ("UnprocessedKeys",)),
    )
    assert len(sent(door)) == 3


@pytest.mark.parametrize("attempts", [1, 4])
def test_keys_of_items_that_do_not_exist_are_no_leftovers(attempts: int) -> None:
    assert batch_get(gateway(answer([]), attempts=attempts), "users", keys(3)) == []


def test_slow_progress_is_progress() -> None:
    wanted = keys(20)
    answers = [answer([wanted[n]], wanted[n + 1 :]) for n in range(20)]

    assert batch_get(gateway(*answers, attempts=2), "users", wanted) == wanted
