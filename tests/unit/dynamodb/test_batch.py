"""Batches go on until nothing is left over, and give up loudly."""

from __future__ import annotations

from typing import Any

import pytest

from application.errors import Throttled
from infrastructure.dynamodb.gateway.batch import batch_delete, batch_get, batch_put
from infrastructure.dynamodb.gateway.gateway import Gateway
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


def test_answer_that_tells_of_no_leftovers_is_whole() -> None:
    door = gateway({"Responses": {"users": keys(2)}})

    assert batch_get(door, "users", keys(2)) == keys(2)


class TestDeleting:
    @pytest.mark.parametrize(
        ("count", "sizes"), [(0, []), (1, [1]), (25, [25]), (26, [25, 1]), (60, [25, 25, 10])]
    )
    def test_keys_go_by_twenty_five(self, count: int, sizes: list[int]) -> None:
        door = gateway(removal())

        batch_delete(door, "users", keys(count))

        assert [len(removed) for removed in removals(door)] == sizes
        assert [key for removed in removals(door) for key in removed] == keys(count)

    def test_leftovers_are_sent_again_and_nothing_is_dropped(self) -> None:
        wanted = keys(30)
        door = gateway(removal(wanted[5:25]), removal(wanted[24:25]), removal())

        batch_delete(door, "users", wanted)

        assert removals(door) == [wanted[:25], wanted[5:25], wanted[24:25], wanted[25:]]

    def test_pauses_grow_while_nothing_goes_and_start_anew_when_something_does(self) -> None:
        time = FakeTime()
        wanted = keys(2)
        nothing = removal(wanted)
        door = gateway(
            *(nothing, nothing, removal(wanted[1:]), removal(wanted[1:]), removal()),
            time=time,
            base=1.0,
        )

        batch_delete(door, "users", wanted)

        assert time.slept == [2.0, 4.0, 1.0, 2.0]

    def test_leftovers_that_never_go_are_throttling(self) -> None:
        door = gateway(removal(keys(1)), attempts=3)

        with pytest.raises(Throttled) as throttled:
            batch_delete(door, "users", keys(1))

        assert (throttled.value.operation, throttled.value.table) == ("BatchWriteItem", "users")
        assert (throttled.value.attempts, throttled.value.reasons) == (3, ("UnprocessedItems",))
        assert len(sent(door)) == 3

    def test_answer_that_tells_of_no_leftovers_is_whole(self) -> None:
        door = gateway({})

        batch_delete(door, "users", keys(2))

        assert removals(door) == [keys(2)]


class TestPutting:
    def test_items_go_by_twenty_five(self) -> None:
        door = gateway({})

        batch_put(door, "users", keys(60))

        assert [len(written) for written in puts(door)] == [25, 25, 10]
        assert [item for written in puts(door) for item in written] == keys(60)

    def test_leftovers_are_sent_again_and_nothing_is_dropped(self) -> None:
        wanted = keys(30)
        door = gateway(leftover(wanted[5:25]), leftover(wanted[24:25]), {})

        batch_put(door, "users", wanted)

        assert puts(door) == [wanted[:25], wanted[5:25], wanted[24:25], wanted[25:]]

    def test_leftovers_that_never_go_are_throttling(self) -> None:
        door = gateway(leftover(keys(1)), attempts=3)

        with pytest.raises(Throttled):
            batch_put(door, "users", keys(1))

        assert len(sent(door)) == 3


def puts(door: Gateway) -> list[list[Item]]:
    """The items of each request."""
    requests = [request["RequestItems"]["users"] for _, request in sent(door)]
    return [[each["PutRequest"]["Item"] for each in request] for request in requests]


def leftover(left: list[Item]) -> Answer:
    """What the service returns: the items that it did not get to."""
    return {"UnprocessedItems": {"users": [{"PutRequest": {"Item": item}} for item in left]}}


def removal(left: list[Item] | None = None) -> Answer:
    """What the service returns: the removals that it did not get to."""
    requests = [{"DeleteRequest": {"Key": key}} for key in left or []]
    return {"UnprocessedItems": {"users": requests} if left else {}}


def removals(door: Gateway) -> list[list[Item]]:
    """The keys that each request asks to remove."""
    assert all(method == "batch_write_item" for method, _ in sent(door))
    requests = [request["RequestItems"]["users"] for _, request in sent(door)]
    return [[each["DeleteRequest"]["Key"] for each in removed] for removed in requests]
