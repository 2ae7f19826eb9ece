"""What every adapter promises about reading all people page by page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from domain.errors import InvalidValue
from infrastructure.aggregates.cursors import Cursors, ListingPosition
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner
from tests.contract.storing import put_new
from tests.stores import Store, on_dynamodb
from tests.times import NOW

IDS = [f"person-{n}" for n in range(7)]


def pages(store: Store, size: int) -> list[list[str]]:
    """The ids of every page, each read in a unit of work of its own."""
    found, cursor = [], None
    while True:
        with store.unit_of_work() as unit:
            page = unit.people.page(size, cursor)
        found.append([person.id for person in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


def first_cursor(store: Store) -> str:
    """The cursor after the first of several people."""
    with store.unit_of_work() as unit:
        cursor: str | None = unit.people.page(1).next_cursor
    assert cursor is not None
    return cursor


def listed_over(store: Store, shards: int) -> Store:
    """The same store, as a process sees it that is set to spread listings over shards."""
    assert isinstance(store.provider, DynamoDBProvider)
    return Store(store.name, evolve(store.provider, listing_shards=shards), store.meter)


def test_empty_store_has_one_empty_page(store: Store) -> None:
    assert pages(store, 3) == [[]]


def test_pages_of_every_size_visit_all_people_once_in_the_order_of_their_ids(store: Store) -> None:
    put_new(store, *reversed(IDS))

    for size in range(1, len(IDS) + 2):
        expected = [IDS[start : start + size] for start in range(0, len(IDS), size)]
        assert pages(store, size) == expected


def test_claims_on_addresses_are_no_people(store: Store) -> None:
    put_new(store, "A", "B", "D", "E")  # the keys of claims sort between these

    assert pages(store, 2) == [["A", "B"], ["D", "E"]]


def test_keys_of_claims_after_the_last_person_make_no_further_page(store: Store) -> None:
    put_new(store, "A", "B")

    assert pages(store, 2) == [["A", "B"]]


def test_removed_people_are_skipped(store: Store) -> None:
    put_new(store, *IDS)
    with store.unit_of_work() as unit:
        for id_ in (IDS[0], IDS[3], IDS[6]):
            unit.people.remove(unit.people.get(id_))
        unit.commit()

    assert pages(store, 2) == [[IDS[1], IDS[2]], [IDS[4], IDS[5]]]


def test_people_that_this_unit_staged_for_removal_leave_no_gap_in_a_page(store: Store) -> None:
    put_new(store, *IDS)

    with store.unit_of_work() as unit:
        for person in unit.people.get_many(IDS[:3]):
            unit.people.remove(person)
        page = unit.people.page(3)
        unit.rollback()

    assert [person.id for person in page.items] == IDS[3:6]


def test_cursor_goes_on_where_its_page_ended_though_that_person_is_gone(store: Store) -> None:
    put_new(store, *IDS)
    cursor = first_cursor(store)
    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get(IDS[0]))
        unit.commit()

    with store.unit_of_work() as unit:
        page = unit.people.page(2, cursor)

    assert [person.id for person in page.items] == IDS[1:3]


@pytest.mark.parametrize("size", [0, -1])
def test_page_needs_room_for_one_person(store: Store, size: int) -> None:
    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.people.page(size)

    assert refused.value.field == "size"


FORGED = {
    "empty": "",
    "text": "not a cursor",
    "three parts": "a.b.c",
    "other letters": "é.é.é",
    "surrogate": "\ud800",
    "long": "x" * 100_000,
    "other key": Cursors(JwtSigner("another key of thirty-two bytes or more", SystemClock())).issue(
        "people", ListingPosition("person-1")
    ),
    "other listing": Cursors(JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())).issue(
        "parcels", ListingPosition("person-1")
    ),
    "other token": JwtSigner(SAMPLE_SIGNING_KEY, SystemClock()).sign("access", {"sub": "ada"}),
}


@pytest.mark.parametrize("cursor", FORGED.values(), ids=FORGED)
def test_cursor_that_this_listing_did_not_issue_is_refused(store: Store, cursor: str) -> None:
    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.people.page(1, cursor)

    assert refused.value.field == "cursor"


def test_cursor_with_any_part_changed_is_refused(store: Store) -> None:
    put_new(store, *IDS)
    cursor = first_cursor(store)
    middle = [cursor.index("."), len(cursor) // 2, cursor.rindex(".") + 5]
    changed = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in middle]

    with store.unit_of_work() as unit:
        for tampered in (*changed, cursor[:-5], cursor + "AAAA"):
            with pytest.raises(InvalidValue):
                unit.people.page(1, tampered)


@on_dynamodb
def test_cursor_of_another_table_is_refused(make_store: Callable[[], Store]) -> None:
    store, other = make_store(), make_store()
    put_new(other, *IDS)

    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.people.page(1, first_cursor(other))

    assert refused.value.field == "cursor"


@on_dynamodb
def test_people_spread_over_shards_are_listed_in_the_order_of_their_ids(store: Store) -> None:
    sharded = listed_over(store, 3)
    put_new(sharded, *IDS)

    for size in range(1, len(IDS) + 2):
        expected = [IDS[start : start + size] for start in range(0, len(IDS), size)]
        assert pages(sharded, size) == expected


@on_dynamodb
def test_people_stored_before_shards_were_added_are_listed_with_the_later_ones(
    store: Store,
) -> None:
    put_new(store, *IDS[::2])
    put_new(listed_over(store, 3), *IDS[1::2])

    assert pages(listed_over(store, 3), 2) == [IDS[0:2], IDS[2:4], IDS[4:6], IDS[6:]]


@on_dynamodb
@pytest.mark.parametrize(("issued", "read"), [(1, 3), (3, 1), (2, 3)])
def test_cursor_can_be_read_with_another_number_of_shards(
    store: Store, issued: int, read: int
) -> None:
    put_new(listed_over(store, issued), *IDS)
    cursor = first_cursor(listed_over(store, issued))

    with listed_over(store, read).unit_of_work() as unit:
        page = unit.people.page(10, cursor)

    assert [person.id for person in page.items] == IDS[1:]


@on_dynamodb
def test_changing_a_person_does_not_move_it_in_the_listing(store: Store) -> None:
    put_new(store, *IDS)
    with listed_over(store, 3).unit_of_work() as unit:
        for person in unit.people.get_many(IDS):
            person.verify_email(NOW)
            unit.people.save(person)
        unit.commit()

    assert pages(store, 10) == [IDS]
