"""Where the entry of a key is in the journal."""

from __future__ import annotations

from infrastructure.dynamodb.items import Item
from infrastructure.migration.phases.journal_entry import place_text


def test_no_two_keys_have_one_place() -> None:
    keys: list[Item] = [
        {"pk": {"S": "a#S#b"}},
        {"pk": {"S": "a"}, "sk": {"S": "b"}},
        {"pk": {"S": "a%23S%23b"}},
        {"pk": {"N": "1"}},
        {"pk": {"S": "1"}},
        {"pk": {"B": b"1"}},
        {"pk": {"S": "31"}},
        {"pk": {"S": "x" * 3000}},
        {"pk": {"S": "x" * 3001}},
    ]
    places = [place_text(table, key) for table in ("a", "a#S") for key in keys]
    assert len(set(places)) == len(places)
    assert all(len(place.encode()) <= 2048 for place in places)
