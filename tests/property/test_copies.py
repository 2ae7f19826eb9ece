"""Copies of records are equal to them, and share nothing that can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import asdict, define, frozen
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.memory.copying import copy_of
from tests.times import NOW


class Colour(Enum):
    RED = "red"


@frozen
class Leaf:
    text: str
    at: datetime


@frozen
class Branch:
    held: Any
    other: Any = None


class Undecorated(Branch):
    """attrs knows only of what it inherits."""


@define
class Changeable:
    held: Any


LEAVES = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.binary(),
    st.sampled_from(Colour),
    st.builds(Leaf, st.text(), st.datetimes()),
    st.frozensets(st.text(), max_size=2),
)
RECORDS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(), inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(st.text(), max_size=2),
        st.builds(Branch, inner, inner),
        st.builds(Undecorated, inner),
        st.builds(Changeable, inner),
    ),
)


def changeable(value: Any) -> Iterator[int]:
    """The identities of all that can be changed within."""
    if isinstance(value, dict | list | set | Changeable):
        yield id(value)
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, Branch | Changeable):
        value = list(asdict(value, recurse=False).values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from changeable(each)


@given(RECORDS)
def test_a_copy_is_equal_and_shares_nothing_that_can_be_changed(record: Any) -> None:
    before = deepcopy(record)
    made = copy_of(record)

    assert made == record == before
    assert not set(changeable(made)) & set(changeable(record))


def test_what_cannot_be_changed_is_shared() -> None:
    branch = Branch((Leaf("a", NOW), Colour.RED), frozenset({"b"}))

    assert copy_of(branch) is branch
