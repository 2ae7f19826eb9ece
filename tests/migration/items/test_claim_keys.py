"""The texts of claims: the same for the same values, and for no others."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_keys import (
    MAX_BYTES,
    claim_key,
    claim_keys,
    owner_of,
    rank_of,
)
from infrastructure.migration.conversion.typed import typed
from tests.migration.items.making import attribute, entity, table

numbers = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(
    min_value=-1000, max_value=1000, places=3
)
texts = st.text(st.sampled_from("a#,%:S2"), max_size=4) | st.text(max_size=5)
values = st.one_of(texts, numbers, st.binary(max_size=3), st.just("x" * (MAX_BYTES + 1)))
names = st.text(st.sampled_from("a#,%"), min_size=1, max_size=3)
claimed = st.tuples(names, st.dictionaries(names, values, min_size=1, max_size=2))

users = entity(attribute("id"), attribute("email"), attribute("n", "N"))


@given(claimed, claimed)
@example(("a", {"a": "b", "c": "d"}), ("a", {"a": "b,S:d"}))
@example(("a#a", {"a": "x"}), ("a", {"a#a": "x"}))
@example(("a", {"a": "7"}), ("a", {"a": 7}))
def test_claims_have_the_same_key_exactly_if_they_are_of_the_same_values(
    one: tuple[str, dict[str, object]], other: tuple[str, dict[str, object]]
) -> None:
    keys = [
        claim_key(name, {each: typed(value) for each, value in held.items()})
        for name, held in (one, other)
    ]
    are_same = (one[0], list(map(_plain, one[1].items()))) == (
        other[0],
        list(map(_plain, other[1].items())),
    )
    assert (keys[0] == keys[1]) is are_same
    assert all(len(key.encode()) <= 2048 for key in keys)


def _plain(held: tuple[str, object]) -> tuple[str, bool, object]:
    name, value = held
    return name, isinstance(value, int | Decimal), value


def test_a_claim_is_legible() -> None:
    item: Item = {"id": {"S": "7"}, "email": {"S": "ada@example.com"}, "n": {"N": "1.5"}}
    whole = table(users, unique=(("email",), ("email", "n")))
    assert claim_keys(whole, item) == {
        "Users#email#S:ada@example.com": ("email",),
        "Users#email,n#S:ada@example.com,N:1.5": ("email", "n"),
    }
    assert owner_of(whole, item) == "S:7"


def test_nothing_is_claimed_for_values_of_which_one_is_absent() -> None:
    whole = table(users, unique=(("email", "n"),))
    assert claim_keys(whole, {"id": {"S": "7"}, "email": {"S": "a"}}) == {}


def test_a_set_cannot_be_unique() -> None:
    with pytest.raises(ValueError, match="a value of type SS cannot be unique"):
        claim_key("Users", {"tags": {"SS": ["a"]}})


@given(numbers, numbers)
@example(7, 10)
@example(-7, -10)
@example(Decimal("-1.5"), -1)
def test_ranks_sort_as_the_numbers_of_their_keys(one: Decimal, other: Decimal) -> None:
    ranks = [rank_of(table(users), users, {"id": number}) for number in (one, other)]
    assert (ranks[0] < ranks[1]) is (one < other)
    assert (ranks[0] == ranks[1]) is (one == other)


@given(st.lists(texts | numbers | st.none() | st.binary(max_size=2), min_size=2, max_size=2))
def test_different_source_keys_have_different_ranks(keys: list[object]) -> None:
    one = rank_of(table(users), users, {"a": keys[0], "b": keys[1]})
    other = rank_of(table(users), users, {"a": keys[1], "b": keys[0]})
    assert (one == other) is (_plain(("", keys[0])) == _plain(("", keys[1])))


def test_rows_of_the_first_entity_come_first() -> None:
    guests = entity(attribute("id"), name="GUEST")
    whole = table(users, guests)
    assert rank_of(whole, users, {"id": 9}) < rank_of(whole, guests, {"id": 1})
