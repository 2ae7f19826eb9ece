"""Which of the rows that want the same unique value gets it."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_table import ClaimTable
from infrastructure.migration.claims.row_claim import RowClaim, claims_of
from infrastructure.migration.contract import Columns, Contract, Entity
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.repository.conflicts import UniqueValueTaken
from infrastructure.migration.tables import table_schemas
from tests.migration.items.making import attribute, entity, row, table
from tests.migration.items.shelves import USERS as PEOPLE
from tests.migration.items.shelves import repositories
from tests.promised_tables import promise
from tests.stores import Store, on_dynamodb

USERS = entity(attribute("id", "N"), attribute("Email", "S", Columns(("email",))))
GUESTS = entity(*USERS.attributes, name="GUEST")
WHOLE = table(USERS, unique=(("Email",),))


def claims_in(store: Store, workers: int = 1) -> ClaimTable:
    promise(table_schemas(Contract(()), store.provider.tables))  # type: ignore[union-attr]  # never memory here
    return ClaimTable(store.gateway, store.table(CLAIMS), workers)


def claim(id_: int, email: str, source: Entity = USERS) -> RowClaim:
    values = {"id": id_, "Email": email}
    whole = WHOLE if source is USERS else table(USERS, GUESTS, unique=(("Email",),))
    item = to_item(whole, source, row(values))
    [found] = claims_of(whole, source, item, {"id": id_})
    return found


def _person(id_: int) -> RowClaim:
    item: Item = {"id": {"N": str(id_)}, "email": {"S": "a@b"}}
    [found] = claims_of(PEOPLE, PEOPLE.entities[0], item, {"id": id_})
    return found


def stored(store: Store) -> dict[str, Item]:
    found = store.gateway.call("Scan", {"TableName": store.table(CLAIMS)})["Items"]
    return {item["pk"]["S"]: item for item in found}


@on_dynamodb
def test_the_lowest_source_key_gets_a_value_whoever_comes_first(
    make_store: Callable[[], Store],
) -> None:
    claims = claims_in(make_store())
    seven, ten, other = claim(7, "a@b"), claim(10, "a@b"), claim(8, "c@d")
    claims.take([ten, other])
    assert claims.lost([ten, other]) == {}
    claims.take([seven])
    claims.take([ten])
    lost = claims.lost([seven, ten, other])
    assert lost.keys() == {ten}
    assert str(lost[ten]) == "email: 'a@b' is already taken by id=7"


@on_dynamodb
def test_a_row_that_changed_since_the_claims_were_taken_claims_late(
    make_store: Callable[[], Store],
) -> None:
    claims = claims_in(make_store())
    assert claims.lost([claim(7, "new@b")]) == {}
    assert claims.lost([claim(8, "new@b")]).keys() == {claim(8, "new@b")}


@on_dynamodb
def test_rows_of_two_tables_that_become_one_item_do_not_share_a_value(
    make_store: Callable[[], Store],
) -> None:
    claims = claims_in(make_store())
    user, guest = claim(7, "a@b"), claim(7, "a@b", GUESTS)
    assert user.owner == guest.owner
    claims.take([guest, user])
    assert claims.lost([user, guest]).keys() == {guest}


@on_dynamodb
def test_what_service_code_claimed_stays_with_its_item_whatever_the_rank(
    make_store: Callable[[], Store],
) -> None:
    store = make_store()
    claims, users = claims_in(store), repositories(store)[0]
    users.put({"id": 8, "email": "a@b"})

    own, other = _person(8), _person(1)
    claims.take([own, other])
    lost = claims.lost([own, other])
    assert lost.keys() == {other}
    assert str(lost[other]) == "email: 'a@b' is already taken by the item N:8"
    users.delete({"id": 8})
    claims.take([other])
    assert claims.lost([own, other]).keys() == {own}
    with pytest.raises(UniqueValueTaken):
        users.put({"id": 8, "email": "a@b"})
    users.put({"id": 1, "email": "a@b"})


@on_dynamodb
def test_a_claim_that_moved_to_another_row_is_not_freed_by_the_item_that_had_it(
    make_store: Callable[[], Store],
) -> None:
    store = make_store()
    claims, users = claims_in(store), repositories(store)[0]
    held = {claim_id: _person(claim_id) for claim_id in (5, 7)}
    claims.take([held[7]])
    store.gateway.call(
        "PutItem",
        {"TableName": store.table("Users"), "Item": {"id": {"N": "7"}, "email": {"S": "a@b"}}},
    )
    claims.take([held[5]])
    users.update({"id": 7}, {"email": "other@b"})
    users.delete({"id": 7})
    assert claims.lost([held[5], held[7]]).keys() == {held[7]}


@pytest.mark.race
@pytest.mark.engine
@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_ranges_and_workers_leaves_the_same_owners(
    ministack_store: Store, seed: int
) -> None:
    values = random.Random(7)
    wanted = [claim(n, f"{values.randrange(12)}@b") for n in range(60)]
    expected = {each.key: each.rank for each in sorted(wanted, key=lambda c: c.rank, reverse=True)}
    claims = claims_in(ministack_store, workers=8)
    ranges = [wanted[n : n + 6] for n in range(0, 60, 6)] * 2  # each is done twice
    random.Random(seed).shuffle(ranges)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(claims.take, ranges))
    assert {key: item["rank"]["S"] for key, item in stored(ministack_store).items()} == expected
    lost = claims.lost(wanted)
    assert {each.key: each.rank for each in wanted if each not in lost} == expected
