"""How rows of a table without a key are told apart."""

from __future__ import annotations

from infrastructure.migration.contract import Columns, Expression
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.run.expected_items import told_by_its_item
from tests.migration.items.making import attribute, entity, table, templated


def test_they_are_told_by_all_that_the_key_of_their_item_is_made_of() -> None:
    said = entity(
        templated("pk", "{about}#{year}#{place}"),
        attribute("about", "S", Columns(("about",))),
        attribute("place", "S", Expression("UPPER(town)")),
        attribute("other", "S", Expression("LOWER(town)")),
    )
    values = {"about": "x", "place": "ROME", "other": "rome"}
    row = SourceRow({"about": "x"}, values, {"year": 2026}, {})
    told = told_by_its_item(table(said, hash_key="pk"), said, row)
    assert list(told.key.items()) == [("about", "x"), ("year", 2026), ("place", "ROME")]
