"""Contracts that can run, and what becomes of their words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.migration.contract import (
    Aggregate,
    Collection,
    Columns,
    Expression,
    Lookup,
    Step,
    Template,
)
from infrastructure.migration.errors import InvalidContract, errors_of
from infrastructure.migration.reading import contract_from, examine, read_contract
from infrastructure.migration.rules.checks import check_source
from tests.migration.contract.documents import SCHEMA, Document, changed, plain, v1, v2


@pytest.mark.parametrize("document", [v1(), v2()], ids=["v1", "v2"])
def test_both_dialects_are_read_and_fit_their_source(document: Document) -> None:
    assert errors_of(check_source(contract_from(document), SCHEMA)) == ()


def test_a_file_is_read_with_a_byte_order_mark_too(tmp_path: Path) -> None:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(v2()), encoding="utf-8-sig")
    assert read_contract(file) == contract_from(v2())


def test_a_join_of_v1_is_a_lookup_of_one_step() -> None:
    attribute = contract_from(v1()).table("Readers").entity("readers").attribute("BranchName")
    assert attribute is not None
    assert attribute.source == Lookup(
        (Step("branches", "branches", ("`branches`.`id` = `readers`.`branch_id`",), _NAME),)
    )


_NAME = "`branches`.`name`"


def test_an_entry_of_type_gsi_is_an_index_of_the_table_with_its_source() -> None:
    (table,) = contract_from(v1()).tables
    assert [(each.name, each.hash_key, each.range_key) for each in table.indexes] == [
        ("ByEmail", "Email", None),
        ("ReadersByBranch", "BranchId", "FullName"),
    ]
    assert table.entity("readers").attribute("BranchId") is not None
    assert len(table.satisfies) == 3


def test_each_join_and_calculation_has_its_source() -> None:
    contract = contract_from(v2())
    kinds = {
        each.name: type(each.source)
        for name in ("Loans", "Shelves")
        for entity in contract.table(name).entities
        for each in entity.attributes
    }
    assert {name for name, kind in kinds.items() if kind is Lookup} == {
        *("reader_name", "edition", "lent_by", "shelf_path", "parent_name", "room")
    }
    assert kinds["newest_books"] is Collection
    assert kinds["pages"] is Aggregate
    assert {kinds[name] for name in ("due_on", "state_label", "label")} == {Expression}
    assert kinds["lent_on"] is Columns


def test_calculations_are_written_as_sql() -> None:
    loans = contract_from(v2()).table("Loans").entity("loans")
    sources = {each.name: each.source for each in loans.attributes}
    assert sources["due_on"] == Expression("DATE_ADD(`lent_at`, INTERVAL 30 DAY)")
    assert sources["state_label"] == Expression(
        "CASE WHEN state = 'O' THEN 'Out' WHEN state = 'B' THEN 'Back' ELSE 'Unknown' END"
    )


@pytest.mark.parametrize(
    ("calculation", "columns", "sql"),
    [
        ({"type": "concat", "separator": "'"}, ["a", "b"], "CONCAT_WS('''', `a`, `b`)"),
        ({"type": "concat", "expression": "CONCAT(a, b)"}, "a", "CONCAT(a, b)"),
        (
            {"type": "date-math", "operation": "subtract", "amount": 2, "unit": "HOUR"},
            "a",
            "DATE_SUB(`a`, INTERVAL 2 HOUR)",
        ),
        (
            {"type": "date-math", "operation": "difference", "other": "b", "unit": "DAY"},
            "a",
            "TIMESTAMPDIFF(DAY, `b`, `a`)",
        ),
        ({"type": "date-math", "expression": "LAST_DAY(a)"}, "a", "LAST_DAY(a)"),
    ],
)
def test_a_calculation_may_be_said_in_words_or_in_sql(
    calculation: Document, columns: object, sql: str
) -> None:
    attribute = {**plain("made", "S", "a"), "source_column": columns, "calculation": calculation}
    contract = contract_from(changed(v2(), "tables/1/attributes/9", attribute))
    made = contract.table("Shelves").entity("shelves").attribute("made")
    assert made is not None
    assert made.source == Expression(sql)


def test_keys_that_no_entity_lists_are_made_of_templates() -> None:
    contract = contract_from(v2())
    loan_key = contract.table("Loans").entity("loans").attribute("lent_on#loan_id")
    reader_key = contract.table("Members").entity("READER").attribute("PK")
    assert loan_key is not None
    assert loan_key.source == Template("{lent_on}#{loan_id}")
    assert reader_key is not None
    assert reader_key.source == Template("READER#{reader_id}")


def test_a_listed_key_attribute_counts_and_its_template_is_warned_of() -> None:
    contract, warnings = examine(v2())
    assert contract is not None
    key = contract.table("Members").entity("FINE").attribute("SK")
    assert key is not None
    assert key.source == Columns(("id",))
    assert "tables[2].entities[1].sk_template: documents the attribute SK" in "\n".join(
        map(str, warnings)
    )


def test_other_rows_of_the_same_table_are_read_with_a_warning() -> None:
    count = plain(
        "children",
        "N",
        "id",
        calculation={
            "type": "aggregate",
            "target_table": "shelves",
            "join_condition": "shelves.parent_id = shelves.id",
            "operation": "COUNT",
            "select_column": "*",
        },
    )
    contract, warnings = examine(changed(v2(), "tables/1/attributes/9", count))
    assert contract is not None
    children = contract.table("Shelves").entity("shelves").attribute("children")
    assert children is not None
    assert children.source == Aggregate("shelves", "shelves.parent_id = shelves.id", "COUNT", "1")
    assert "shelves is the table of the rows too" in warnings[0].cause
    assert errors_of(check_source(contract, SCHEMA)) == ()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"{", "contract: is no JSON: "),
        (b"\xff", "contract: is not in UTF-8"),
        (b"[" * 100_000, "contract: is no JSON: is nested too deeply"),
        (b'{"tables": NaN}', "contract: is no JSON: NaN is no JSON"),
    ],
)
def test_a_file_that_is_no_json_is_told_as_such(tmp_path: Path, content: bytes, cause: str) -> None:
    file = tmp_path / "contract.json"
    file.write_bytes(content)
    with pytest.raises(InvalidContract) as caught:
        read_contract(file)
    assert str(caught.value).startswith(cause)


def test_a_key_that_is_there_twice_is_not_lost_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "contract.json"
    text = json.dumps(v1()).replace('"FullName": {', '"Email": {', 1)
    file.write_text(text)
    with pytest.raises(InvalidContract) as caught:
        read_contract(file)
    assert caught.value.problems == ("tables[0].attributes.Email: is there twice",)


def test_half_a_character_in_a_name_is_told_and_can_be_printed(tmp_path: Path) -> None:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(v1()).replace('"FullName": {', '"Full\\ud800": {', 1))
    with pytest.raises(InvalidContract) as caught:
        read_contract(file)
    assert caught.value.problems == (
        'tables[0].attributes."Full\\ud800": its name has characters that cannot be stored',
    )
    assert str(caught.value).isascii()


def test_a_missing_file_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidContract) as caught:
        read_contract(tmp_path / "none.json")
    assert caught.value.problems == ("contract: cannot be read: No such file or directory",)
