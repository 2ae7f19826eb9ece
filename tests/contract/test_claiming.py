"""What every provider promises about values that are declared unique, or listed, later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter
from threading import Barrier

import pytest
from attrs import evolve, frozen

from domain.errors import Conflict, InvalidValue
from infrastructure.aggregates.aggregate_type import AggregateType, Unique
from infrastructure.claiming import ClaimedPage, Claiming, Left
from infrastructure.contexts.context import Contexts, StateStored
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.unit_of_work import CommitOptions
from tests.contract.storing import change, move, put, put_new, rename, stored
from tests.samples.models import PersonModel, UnlistedPersonModel
from tests.samples.parcels import PARCELS
from tests.samples.people import (
    PEOPLE,
    PERSON,
    PERSON_EMAIL,
    EmailTaken,
    Person,
    PersonRepository,
    new_person,
)
from tests.stores import Store, on_dynamodb
from tests.times import NOW

Leaving = Callable[[Store, str], None]
"""Makes a person give up a value."""


@frozen
class NameTaken(Conflict):
    """Somebody else has this name."""

    name: str


NAME: Unique[Person] = Unique("name", attrgetter("first_name"), NameTaken)
LAST_NAME: Unique[Person] = Unique("last name", attrgetter("last_name"), NameTaken)
NAMED = evolve(PERSON, unique=(PERSON_EMAIL, NAME))
"""People as a later release declares them: no two have the same first name."""


def declared(
    store: Store,
    aggregate_type: AggregateType[Person] = NAMED,
    model: type[AggregateModel] = PersonModel,
) -> Store:
    """The same store as a release sees it that declares people so."""
    people = evolve(
        PEOPLE,
        repositories={"people": StateStored(aggregate_type, PersonRepository, lambda: model)},
    )
    provider = store.provider
    if isinstance(provider, DynamoDBProvider):
        provider = evolve(provider, models={aggregate_type: model})
    options = CommitOptions(contexts=Contexts([people, PARCELS]))
    return evolve(store, provider=provider, options=options)


def person(id_: str, first_name: str = "Ada") -> Person:
    made = new_person(f"{id_}@example.com", id=id_)
    made.change_name(first_name, made.last_name, NOW)
    return made


def save(store: Store, id_: str) -> None:
    """Saves a person as it is."""
    change(store, id_, lambda _: None)


def set_last_name(store: Store, id_: str, last_name: str) -> None:
    change(store, id_, lambda each: each.change_name(each.first_name, last_name, NOW))


def remove(store: Store, id_: str) -> None:
    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get(id_))
        unit.commit()


def claim(store: Store, *, dry_run: bool = False) -> list[ClaimedPage]:
    return list(Claiming(store.unit_of_work, "Person").pages(dry_run=dry_run))


def seen(pages: Iterable[ClaimedPage]) -> int:
    return sum(page.seen for page in pages)


def completed(pages: Iterable[ClaimedPage]) -> int:
    return sum(page.completed for page in pages)


def left(pages: Iterable[ClaimedPage]) -> list[Left]:
    return [each for page in pages for each in page.left]


def versions(store: Store, *ids: str) -> list[int]:
    return [stored(store, id_)["version"] for id_ in ids]


def holder(store: Store, name: str) -> str | None:
    """Who holds this first name."""
    return store.provider.table(NAMED).holder(NAME.key(name))


def test_save_takes_the_claims_that_are_missing(store: Store) -> None:
    put(store, person("ada"))
    later = declared(store)

    save(later, "ada")

    assert holder(later, "Ada") == "ada"
    with pytest.raises(NameTaken):
        put(later, person("other"))


def test_save_is_refused_where_another_holds_what_is_missing(store: Store) -> None:
    put(store, person("first", "Bea"), person("second", "Bea"))
    later = declared(store)
    save(later, "first")

    with pytest.raises(NameTaken):
        save(later, "second")

    assert versions(later, "first", "second") == [2, 1]


def test_who_leaves_takes_no_claim_along_that_another_holds(store: Store) -> None:
    put(store, person("first"), person("second"))
    later = declared(store)
    save(later, "first")

    remove(later, "second")

    assert holder(later, "Ada") == "first"


def test_who_moves_takes_no_claim_along_that_another_holds(store: Store) -> None:
    put(store, person("first"), person("second"))
    later = declared(store)
    save(later, "first")

    rename(later, "second", "Bea")

    assert (holder(later, "Ada"), holder(later, "Bea")) == ("first", "second")


def test_nobody_is_handed_a_claim_by_one_who_does_not_hold_it(store: Store) -> None:
    put(store, person("first"), person("second"))
    later = declared(store)
    save(later, "first")

    with later.unit_of_work() as unit:
        second = unit.people.get("second")
        second.change_name("Bea", second.last_name, NOW)
        unit.people.save(second)
        unit.people.add(person("heir"))
        with pytest.raises(NameTaken):
            unit.commit()
        unit.rollback()

    assert holder(later, "Ada") == "first"


def test_release_that_does_not_know_a_claim_gives_it_back(store: Store) -> None:
    later = declared(store)
    put(later, person("ada"), person("bob", "Bob"))

    rename(store, "ada", "Augusta")
    remove(store, "bob")

    assert [holder(later, name) for name in ("Ada", "Augusta", "Bob")] == [None, None, None]
    save(later, "ada")
    assert holder(later, "Augusta") == "ada"


def test_all_that_is_stored_takes_its_claims(store: Store) -> None:
    names = {f"person-{n}": f"Ada {n}" for n in range(5)}
    put(store, *(person(id_, name) for id_, name in names.items()))
    later = declared(store)

    pages = claim(later)

    assert (seen(pages), completed(pages), left(pages)) == (5, 5, [])
    assert {id_: holder(later, name) for id_, name in names.items()} == {i: i for i in names}
    assert versions(later, *names) == [2] * 5


def test_claims_move_where_a_value_is_normalised_in_another_way(store: Store) -> None:
    put(declared(store), person("ada"))
    caseless = evolve(NAME, value_of=lambda each: each.first_name.casefold())
    later = declared(store, evolve(PERSON, unique=(PERSON_EMAIL, caseless)))

    pages = claim(later)

    assert (completed(pages), left(pages)) == (1, [])
    assert (holder(later, "Ada"), holder(later, "ada")) == (None, "ada")


def test_what_is_complete_is_left_alone(store: Store) -> None:
    put_new(store, "ada", "bob")

    pages = claim(store)

    assert (seen(pages), completed(pages), left(pages)) == (2, 0, [])
    assert versions(store, "ada", "bob") == [1, 1]


def test_duplicates_are_told_and_stay_as_they_are(store: Store) -> None:
    put(store, person("first"), person("second"), person("third", "Bea"))
    later = declared(store)
    save(later, "second")

    pages = claim(later)

    assert left(pages) == [Left("first", "name is that of second")]
    assert versions(later, "first", "second", "third") == [1, 2, 2]


def test_dry_run_tells_duplicates_and_writes_nothing(store: Store) -> None:
    put(store, person("first"), person("second"), person("third", "Bea"))
    later = declared(store)

    pages = claim(later, dry_run=True)

    (duplicate,) = left(pages)
    pair = {"first", "second"}
    assert duplicate.aggregate_id in pair
    (rival,) = pair - {duplicate.aggregate_id}
    assert duplicate.reason == f"name is that of {rival}"
    assert completed(pages) == 2
    assert versions(later, "first", "second", "third") == [1, 1, 1]
    assert [holder(later, name) for name in ("Ada", "Bea")] == [None, None]


def test_who_cannot_have_all_its_claims_is_in_nobodys_way(store: Store) -> None:
    """It takes none, so another one has what both of them want."""
    put(store, person("0", "Ada"), person("1", "Bea"), person("2", "Bea"))
    for id_, last_name in (("0", "King"), ("1", "King"), ("2", "Lovelace")):
        set_last_name(store, id_, last_name)
    later = declared(store, evolve(PERSON, unique=(PERSON_EMAIL, NAME, LAST_NAME)))
    save(later, "0")

    dry, done = claim(later, dry_run=True), claim(later)

    assert [each.aggregate_id for each in left(dry)] == ["1"]
    assert [each.aggregate_id for each in left(done)] == ["1"]


def test_one_that_is_removed_meanwhile_is_neither_completed_nor_left(store: Store) -> None:
    put_new(store, "ada")

    def name_of_one_who_leaves(each: Person) -> str:
        remove(store, each.id)
        return each.first_name

    leaving = evolve(NAME, value_of=name_of_one_who_leaves)

    pages = claim(declared(store, evolve(PERSON, unique=(PERSON_EMAIL, leaving))))

    assert (seen(pages), completed(pages), left(pages)) == (1, 0, [])


@on_dynamodb
@pytest.mark.parametrize(
    ("value", "reason"),
    [("x" * 3000, "key size (id of "), ("\ud800", "is text that UTF-8 cannot encode")],
)
def test_value_that_no_claim_can_hold_is_told_and_holds_up_nobody(
    store: Store, value: str, reason: str
) -> None:
    put(store, person("ada"), person("bob", "Bob"))
    nickname = evolve(NAME, value_of=lambda each: value if each.id == "ada" else each.first_name)

    pages = claim(declared(store, evolve(PERSON, unique=(PERSON_EMAIL, nickname))))

    (refused,) = left(pages)
    assert refused.aggregate_id == "ada"
    assert reason in refused.reason
    assert completed(pages) == 1


@pytest.mark.parametrize("name", ["Parcel", "person", ""])
def test_only_state_stored_types_have_claims(store: Store, name: str) -> None:
    with pytest.raises(InvalidValue, match="type: the state-stored types are: Person"):
        Claiming(store.unit_of_work, name)


def test_claims_of_one_value_that_race_leave_one_holder_each(racing_store: Store) -> None:
    names = [f"Ada {n}" for n in range(6)]
    put(racing_store, *(person(f"old-{n}", name) for n, name in enumerate(names)))
    later = declared(racing_store)
    together = Barrier(3)

    def register(tag: str) -> list[str]:
        together.wait()
        registered = []
        for n, name in enumerate(names):
            try:
                put(later, person(f"{tag}-{n}", name))
            except NameTaken:
                continue
            registered.append(name)
        return registered

    def claim_all() -> list[Left]:
        together.wait()
        return left(claim(later))

    with ThreadPoolExecutor(3) as pool:
        claiming = pool.submit(claim_all)
        both = [pool.submit(register, tag) for tag in ("new", "newer")]
    registered = [name for each in both for name in each.result()]

    assert len(registered) == len(set(registered))
    refused = {names[int(each.aggregate_id.removeprefix("old-"))] for each in claiming.result()}
    assert refused == set(registered)


@on_dynamodb
def test_pages_go_on_where_one_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"person-{n}" for n in range(7)]
    put(store, *(person(id_, f"Ada {id_}") for id_ in ids))
    later = declared(store)
    short_pages(later, monkeypatch)

    pages = Claiming(later.unit_of_work, "Person").pages()
    first = next(page for page in pages if page.completed)
    rest = list(Claiming(later.unit_of_work, "Person").pages(first.last))

    assert first.completed + completed(rest) == 7
    assert versions(later, *ids) == [2] * 7


ITEM_BEFORE = {
    "id": {"S": "ada"},
    "version": {"N": "1"},
    "commits": {"L": [{"S": "0199a1f0-0000-7000-8000-000000000001"}]},
    "listShard": {"S": "PERSON#0"},
    "firstName": {"S": "Ada"},
    "lastName": {"S": "Lovelace"},
    "email": {"S": "ada@example.com"},
    "role": {"S": "member"},
    "isEmailVerified": {"BOOL": False},
    "isBanned": {"BOOL": False},
}
CLAIM_BEFORE = {
    "id": {"S": "CLAIM#email#ada@example.com"},
    "owner": {"S": "ada"},
    "commits": {"L": [{"S": "0199a1f0-0000-7000-8000-000000000001"}]},
}
"""What was stored before items told which claims they hold."""


def put_before(store: Store) -> None:
    for item in (ITEM_BEFORE, CLAIM_BEFORE):
        store.gateway.call("PutItem", {"TableName": store.table("people"), "Item": item})


@on_dynamodb
def test_item_that_does_not_tell_its_claims_keeps_those_that_name_it(store: Store) -> None:
    put_before(store)

    rename(store, "ada", "Augusta")

    with pytest.raises(EmailTaken):
        put(store, new_person("ada@example.com", id="other"))


@on_dynamodb
@pytest.mark.parametrize("leave", [remove, partial(move, email="new@example.com")])
def test_item_that_does_not_tell_its_claims_frees_those_that_name_it(
    store: Store, leave: Leaving
) -> None:
    put_before(store)

    leave(store, "ada")

    put(store, new_person("ada@example.com", id="other"))


@on_dynamodb
@pytest.mark.parametrize("leave", [remove, partial(rename, first_name="Bea")])
def test_item_that_does_not_tell_its_claims_frees_none_of_another(
    store: Store, leave: Leaving
) -> None:
    later = declared(store)
    put(later, person("other"))
    put_before(store)

    leave(later, "ada")

    assert holder(later, "Ada") == "other"


@on_dynamodb
def test_item_that_does_not_tell_its_claims_tells_them_once_it_was_claimed(store: Store) -> None:
    put_before(store)
    assert completed(claim(store)) == 1

    assert completed(claim(store)) == 0

    with store.meter.measure() as used:
        rename(store, "ada", "Augusta")
    assert used.requests == 2  # read and written: nobody was asked about claims


def put_broken(store: Store, role: Mapping[str, str]) -> None:
    broken = {**ITEM_BEFORE, "id": {"S": "broken"}, "role": role}
    store.gateway.call("PutItem", {"TableName": store.table("people"), "Item": broken})


@on_dynamodb
@pytest.mark.parametrize("role", [{"N": "7"}, {"S": "emperor"}])
def test_item_that_is_unreadable_is_told_and_holds_up_nobody(
    store: Store, role: Mapping[str, str]
) -> None:
    put_before(store)
    put_broken(store, role)

    pages = claim(store)

    (unreadable,) = left(pages)
    assert unreadable.aggregate_id == "broken"
    assert unreadable.reason.startswith("stored Person broken is unreadable: ")
    assert (seen(pages), completed(pages)) == (2, 1)
    assert versions(store, "ada") == [2]


@on_dynamodb
def test_one_goes_on_after_an_item_that_is_unreadable(store: Store) -> None:
    put_broken(store, {"N": "7"})

    (page,) = claim(store)

    assert page.last == "broken"


# DynamoDB Local now and then leaves an index that is added to a table in CREATING for good.
@pytest.mark.parametrize(
    "make_store", ["moto", pytest.param("ministack", marks=pytest.mark.engine)], indirect=True
)
def test_type_that_is_listed_later_is_listed_once_it_was_claimed(store: Store) -> None:
    unlisted = declared(without_listing(store), PERSON, UnlistedPersonModel)
    ids = [f"person-{n}" for n in range(3)]
    put_new(unlisted, *ids)
    listed = declared(unlisted, PERSON, PersonModel)
    initializer(listed).create_missing(update_existing=True)
    with listed.unit_of_work() as unit:
        assert unit.people.page(10).items == ()

    pages = claim(listed)

    assert (completed(pages), left(pages)) == (3, [])
    with listed.unit_of_work() as unit:
        assert [each.id for each in unit.people.page(10).items] == ids
    assert completed(claim(listed)) == 0


def initializer(store: Store) -> DynamoDBTableInitializer:
    """Of the table of people alone, by the model that the store has for it."""
    assert isinstance(store.provider, DynamoDBProvider)
    (model,) = store.provider.models.values()
    schema = TableSchema(model, store.table("people"))
    return DynamoDBTableInitializer(store.gateway, [schema], Capacity())


def without_listing(store: Store) -> Store:
    """The store with a table of people that has no index."""
    unlisted = declared(store, PERSON, UnlistedPersonModel)
    initializer(unlisted).delete_all()
    initializer(unlisted).create_missing()
    return unlisted


def short_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a scan see two items a page, as it would of large items."""
    call = store.gateway.call

    def limited(operation: str, request: dict[str, object]) -> object:
        return call(operation, {**request, "Limit": 2} if operation == "Scan" else request)

    monkeypatch.setattr(type(store.gateway), "call", lambda _, *asked: limited(*asked))
