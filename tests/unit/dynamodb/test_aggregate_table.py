"""What the table of an aggregate asks for, and what it keeps beside the state."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from infrastructure.aggregates.changes import Stored
from infrastructure.aggregates.tracker import Tracker
from infrastructure.commit.participant import Commit
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.base import listing_by
from infrastructure.dynamodb.tables.aggregates import DynamoDBAggregateTable, StoredItem
from infrastructure.dynamodb.transaction.actions import ItemAction
from tests.samples.models import PersonModel
from tests.samples.people import PERSON, Person
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, sent
from tests.unit.dynamodb.test_mapper import STORED


def table(door: Gateway, shards: int = 1) -> DynamoDBAggregateTable:
    return DynamoDBAggregateTable(door, PERSON, PersonModel, name="prod-people", shards=shards)


@pytest.mark.parametrize(
    ("field", "needed"),
    [
        ("email", r"a text email and by_email = listing_by\('email'\)"),
        ("first_name", r"by_first_name = listing_by\('firstName'\)"),
        ("is_banned", "a text is_banned"),
    ],
)
def test_type_is_listed_by_what_its_model_has_an_index_for(field: str, needed: str) -> None:
    class OtherModel(PersonModel):
        class Meta:
            table_name = "people"

        by_first_name = listing_by("first_name")  # its stored name is another
        by_is_banned = listing_by("isBanned")

    with pytest.raises(TypeError, match=f"OtherModel needs {needed}|{needed}"):
        DynamoDBAggregateTable(
            gateway({}), evolve(PERSON, listed_by=(field,)), OtherModel, name="prod-people"
        )


def stored_with(**changes: Any) -> Stored:
    """The person of `STORED` as read from an item that differs in these attributes."""
    item = {name: value for name, value in {**STORED, **changes}.items() if value is not None}
    read = table(gateway({"Item": item})).read("ada")
    assert read is not None
    return read


def saved(before: Stored, commit_id: str = "ours") -> StoredItem:
    """The person as the table has it after a change in this commit."""
    tracker: Tracker[Person] = Tracker(PERSON, table(gateway({})), lambda: None)
    person = tracker.loaded(before)
    person.unban(NOW)
    tracker.save(person)
    tracker.prepare()
    (action,) = tracker.actions(Commit(commit_id, ()))
    (plan,) = tracker._plans
    assert isinstance(plan.stored, StoredItem)
    assert isinstance(action, ItemAction)
    # What is known of the item from then on is what the item is to hold.
    assert table(gateway({"Item": action.request()["Item"]})).read("ada") == plan.stored
    return plan.stored


def commits(*ids: str) -> dict[str, Any]:
    return {"L": [{"S": id_} for id_ in ids]}


def ids(*found: str, more: bool = False) -> dict[str, Any]:
    """A page of the listing, cut by the service where there is more."""
    items: list[Item] = [{"id": {"S": id_}, "listShard": {"S": "PERSON#0"}} for id_ in found]
    return {"Items": items} | ({"LastEvaluatedKey": {"id": {"S": "key"}}} if more else {})


@pytest.mark.parametrize("read", ["read", "holder"])
def test_single_reads_are_strongly_consistent(read: str) -> None:
    door = gateway({})

    assert getattr(table(door), read)("ada") is None

    ((method, request),) = sent(door)
    assert (method, request["TableName"], request["Key"], request["ConsistentRead"]) == (
        *("get_item", "prod-people", {"id": {"S": "ada"}}, True),
    )


def test_item_keeps_its_last_five_commits_newest_first() -> None:
    before = stored_with(commits=commits("e", "d", "c", "b", "a"))

    assert saved(before).commits == ("ours", "e", "d", "c", "b")


def test_item_with_fewer_commits_keeps_them_all() -> None:
    assert saved(stored_with(commits=commits("a"))).commits == ("ours", "a")


def test_shard_stays_as_it_was_stored() -> None:
    assert saved(stored_with(listShard={"S": "PERSON#7"})).list_shard == "PERSON#7"


def test_item_without_a_shard_is_given_one() -> None:
    assert saved(stored_with(listShard=None)).list_shard == "PERSON#0"


def test_listing_goes_on_over_pages_that_the_service_cut_even_empty_ones() -> None:
    door = gateway(ids("a", more=True), ids(more=True), ids("b", "c"))

    assert table(door).ids_after("", 5, 1) == ["a", "b", "c"]
    assert [request["Limit"] for _, request in sent(door)] == [5, 4, 4]
    assert [request.get("ExclusiveStartKey") for _, request in sent(door)] == [
        *(None, {"id": {"S": "key"}}, {"id": {"S": "key"}}),
    ]


def test_listing_ends_when_it_has_enough() -> None:
    door = gateway(ids("a", "b", more=True))

    assert table(door).ids_after("", 2, 1) == ["a", "b"]
    assert len(sent(door)) == 1


def test_listing_over_shards_is_merged_in_order_and_cut_to_the_limit() -> None:
    door = gateway(ids("b", "e"), ids(), ids("a", "c", "d"))

    assert table(door, shards=3).ids_after("", 3, 3) == ["a", "b", "c"]
    assert [r["ExpressionAttributeValues"][":value"]["S"] for _, r in sent(door)] == [
        *("PERSON#0", "PERSON#1", "PERSON#2"),
    ]


def test_listing_starts_after_the_id_given() -> None:
    door = gateway(ids())

    table(door).ids_after("ada", 3, 1)

    ((_, request),) = sent(door)
    assert request["KeyConditionExpression"] == "#key = :value AND id > :after"
    assert request["ExpressionAttributeValues"][":after"] == {"S": "ada"}
