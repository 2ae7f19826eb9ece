"""Cursors come back as they were issued, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from infrastructure.aggregates.cursors import Cursors, ListingPosition
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner

SIGNER = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
CURSORS = Cursors(SIGNER)


def refusal(cursor: str) -> InvalidValue:
    """How reading this cursor fails."""
    with pytest.raises(InvalidValue) as refused:
        CURSORS.read("users", cursor)
    return refused.value


def test_no_cursor_is_the_start() -> None:
    assert CURSORS.read("users", None) == ListingPosition("", 1)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 256))
def test_position_comes_back_as_it_was(after: str, shards: int) -> None:
    position = ListingPosition(after, shards)

    assert CURSORS.read("users", CURSORS.issue("users", position)) == position


def test_cursor_can_be_part_of_a_url() -> None:
    cursor = CURSORS.issue("users", ListingPosition("ä/b?c&d=é"))

    assert cursor.replace(".", "").replace("_", "").replace("-", "").isalnum()
    assert cursor.isascii()


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert refusal(text).field == "cursor"


def test_cursor_of_another_listing_is_refused() -> None:
    assert (
        refusal(CURSORS.issue("orders", ListingPosition("a"))).reason
        == "was not issued by this listing"
    )


def test_cursor_of_another_key_is_refused() -> None:
    others = Cursors(JwtSigner("k" * 32, SystemClock()))

    assert (
        refusal(others.issue("users", ListingPosition("a"))).reason
        == "was not issued by this listing"
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"v": "0", "after": "a", "shards": "1"},
        {"v": "2", "after": "a", "shards": "1"},
        {"after": "a", "shards": "1"},
    ],
)
def test_cursor_of_another_layout_is_refused(claims: dict[str, str]) -> None:
    assert refusal(SIGNER.sign("cursor:users", claims)).field == "cursor"
