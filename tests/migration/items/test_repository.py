"""What service code may ask of a contract's table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.errors import InvalidValue, NotFound
from infrastructure.migration.conversion.records import InvalidRecord, Record
from infrastructure.migration.conversion.typed import Value
from infrastructure.migration.repository.conflicts import ItemChanged, UniqueValueTaken
from infrastructure.migration.repository.queries import BeginsWith, Between, Equals, RangeCondition
from infrastructure.migration.repository.repository import ContractRepository
from tests.migration.items.shelves import repositories
from tests.stores import Store, on_dynamodb

pytestmark = on_dynamodb

ADA: Record = {"id": 7, "email": "ada@b", "first": "Ada", "last": "Lovelace"}
BOB: Record = {"id": 8, "email": "bob@b", "first": "Bob", "last": "Lovelace"}


@pytest.fixture
def users(make_store: Callable[[], Store]) -> ContractRepository:
    return repositories(make_store())[0]


@pytest.fixture
def orders(make_store: Callable[[], Store]) -> ContractRepository:
    return repositories(make_store())[1]


def order(number: int, day: str = "2026-01-02", total: object = 5) -> Record:
    values = {"user": 7, "day": day, "number": number, "total": total}
    return {"entity_type": "ORDER", **values}  # type: ignore[dict-item]  # only numbers and texts


def test_a_record_is_read_as_it_was_put_with_what_is_computed(users: ContractRepository) -> None:
    record: Record = {
        **ADA,
        "tags": frozenset({"a", "b"}),
        "settings": {"depth": [Decimal("1.5"), None, {"x": True}]},
        "photo": b"\xff\0",
        "city": "",
        "place": "GB/Ada",
        "gone": None,
    }
    expected = {**record, "label": "Ada Lovelace"}
    assert users.get({"id": 7}) is None
    assert users.put(record) == expected
    assert users.get({"id": 7}) == expected


def test_a_document_is_stored_as_deep_as_the_service_allows(users: ContractRepository) -> None:
    deep: Value = 1
    for _ in range(30):
        deep = [deep]
    users.put({"id": 7, "settings": {"a": deep}})
    with pytest.raises(InvalidRecord, match="nested deeper than 32"):
        users.put({"id": 7, "settings": {"a": [deep]}})


def test_a_put_replaces_all_that_was_there(users: ContractRepository) -> None:
    users.put({**ADA, "city": "London"})
    users.put({"id": 7, "first": "Augusta"})
    assert users.get({"id": 7}) == {"id": 7, "first": "Augusta"}


def test_keys_are_made_of_the_attributes_in_their_templates(orders: ContractRepository) -> None:
    stored = orders.put(order(1))
    assert (stored["PK"], stored["SK"]) == ("USER#7", "ORDER#2026-01-02#1")
    assert orders.get({"PK": "USER#7", "SK": "ORDER#2026-01-02#1"}) == stored
    parts: Record = {"entity_type": "ORDER", "user": 7, "day": "2026-01-02", "number": 1}
    assert orders.get(parts) == stored
    orders.put({"entity_type": "PROFILE", "user": 7, "theme": "dark"})
    profile = orders.get({"entity_type": "PROFILE", "user": 7})
    assert profile is not None
    assert profile["theme"] == "dark"
    orders.delete(parts)
    assert orders.get(parts) is None


def test_a_unique_value_is_taken_kept_and_freed_with_its_item(users: ContractRepository) -> None:
    users.put(ADA)
    with pytest.raises(UniqueValueTaken) as refused:
        users.put({**BOB, "email": "ada@b"})
    assert (refused.value.attributes, refused.value.values) == (("email",), ("ada@b",))
    assert "ada@b" not in f"{refused.value} {refused.value!r}"
    assert users.get({"id": 8}) is None
    users.put({**ADA, "city": "London"})
    users.update({"id": 7}, {"email": "countess@b"})
    users.put({**BOB, "email": "ada@b"})
    users.delete({"id": 7})
    users.update({"id": 8}, {"email": "countess@b", "first": "Ada"})
    found = users.get_by_unique({"first": "Ada", "last": "Lovelace"})
    assert found is not None
    assert found["id"] == 8
    assert users.get_by_unique({"email": "ada@b"}) is None


def test_values_are_unique_together_and_where_none_of_them_is_missing(
    users: ContractRepository,
) -> None:
    users.put(ADA)
    users.put(BOB)
    users.put({"id": 9, "last": "Lovelace"})
    with pytest.raises(UniqueValueTaken) as refused:
        users.update({"id": 9}, {"first": "Bob"})
    assert str(refused.value) == "first and last of Users is that of another item"
    with pytest.raises(InvalidRecord, match="last of Users is not kept unique"):
        users.get_by_unique({"last": "Lovelace"})


def test_an_expected_record_is_replaced_and_removed_only_where_it_is_stored(
    users: ContractRepository,
) -> None:
    first = users.put(ADA, expected=None)
    with pytest.raises(ItemChanged, match="id=7 of Users is not as it was expected"):
        users.put(ADA, expected=None)
    second = users.put({**ADA, "city": "London", "email": "new@b"}, expected=first)
    with pytest.raises(ItemChanged):
        users.put({**BOB, "id": 7}, expected=first)
    with pytest.raises(ItemChanged):
        users.delete({"id": 7}, expected=first)
    assert users.get({"id": 7}) == second
    users.put({**BOB, "email": "ada@b"}, expected=None)
    users.delete({"id": 7}, expected=second)
    assert users.get({"id": 7}) is None


def test_an_update_changes_removes_and_computes_and_keeps_the_rest(
    users: ContractRepository,
) -> None:
    users.put({**ADA, "city": "London", "tags": frozenset({"a"})})
    changed = users.update({"id": 7}, {"last": "King", "city": None})
    expected = {**ADA, "last": "King", "label": "Ada King", "tags": frozenset({"a"})}
    assert changed == users.get({"id": 7}) == expected
    assert users.update({"id": 7}, {}) == expected


def test_an_update_of_nothing_or_of_a_key_is_refused(users: ContractRepository) -> None:
    with pytest.raises(NotFound, match="Users id=7 does not exist"):
        users.update({"id": 7}, {"city": "London"})
    users.put({**ADA, "place": "GB/Ada"})
    with pytest.raises(InvalidRecord, match="id of Users is part of the key"):
        users.update({"id": 7}, {"id": 8})
    with pytest.raises(InvalidRecord, match="place of Users must be given, too"):
        users.update({"id": 7}, {"first": "Augusta"})


def test_removing_what_is_not_there_is_no_error(users: ContractRepository) -> None:
    users.delete({"id": 7})


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (None, [1, 2, 3]),
        (Equals("ORDER#2026-01-02#2"), [2]),
        (BeginsWith("ORDER#2026-01"), [1, 2]),
        (Between("ORDER#2026-01-02#2", "ORDER#2026-02-99"), [2, 3]),
    ],
)
def test_a_query_finds_the_records_of_a_key_in_order(
    orders: ContractRepository, condition: RangeCondition | None, numbers: list[int]
) -> None:
    for each in (order(3, "2026-02-01"), order(1), order(2)):
        orders.put(each)
    page = orders.query({"PK": "USER#7"}, condition=condition)
    assert [each["number"] for each in page.records] == numbers
    assert page.cursor is None
    backwards = orders.query({"PK": "USER#7"}, condition=condition, descending=True)
    assert backwards.records == page.records[::-1]


def test_any_declared_index_is_queried(orders: ContractRepository) -> None:
    for each in (order(1, total=Decimal("9.5")), order(2, total=10), order(3, "2026-02-01")):
        orders.put(each)
    day: Record = {"day": "2026-01-02"}
    cheap = orders.query(day, index="by_day", condition=Between(0, Decimal("9.9")))
    assert [each["number"] for each in cheap.records] == [1]
    exact = orders.query({**day, "total": 10}, index="by_day")
    assert [each["number"] for each in exact.records] == [2]
    keys = orders.query({"number": 3}, index="by_number")
    assert keys.records == ({"PK": "USER#7", "SK": "ORDER#2026-02-01#3", "number": 3},)


def test_pages_follow_each_other_by_cursors_of_the_same_query(orders: ContractRepository) -> None:
    for number in range(5):
        orders.put(order(number, total=5))
    found, cursor = [], None
    while True:
        page = orders.query({"day": "2026-01-02"}, index="by_day", limit=2, after=cursor)
        assert len(page.records) <= 2
        found += [each["number"] for each in page.records]
        cursor = page.cursor
        if cursor is None:
            break
        with pytest.raises(InvalidValue, match="was not issued by this query"):
            orders.query({"day": "2026-01-03"}, index="by_day", after=cursor)
        with pytest.raises(InvalidValue, match="was not issued by this query"):
            orders.query({"PK": "USER#7"}, after=cursor)
    assert len(found) == 5
    assert {*found} == {0, 1, 2, 3, 4}
