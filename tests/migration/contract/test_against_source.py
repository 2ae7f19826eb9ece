"""A contract against the schema of its source."""

from __future__ import annotations

from typing import cast

import pytest

from infrastructure.migration.contract import Attribute, AttributeType, Columns, Entity
from infrastructure.migration.errors import Problem
from infrastructure.migration.reading import contract_from
from infrastructure.migration.rules.checks import check_source
from infrastructure.migration.rules.source_columns import check_columns
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable
from tests.migration.contract.documents import SCHEMA, Document, changed, plain, v1, v2

LOANS = "tables[0].attributes"
SHELVES = "tables[1].attributes"
_JOIN = "tables/0/attributes/5/join"

BROKEN = [
    (
        "tables/2/entities/1/source_table",
        "fine",
        "tables[2].entities[1].source_table: the source has no table fine; did you mean fines?",
    ),
    (
        "tables/0/attributes/4/source_column",
        "ids",
        f"{LOANS}.number.source_column: loans has no column ids; did you mean id?",
    ),
    (
        "tables/0/attributes/2/source_column",
        "lent_at",
        f"{LOANS}.book_id.source_column: lent_at is datetime, which cannot become the type N",
    ),
    (
        "tables/0/attributes/3/source_column",
        "note",
        f"{LOANS}.lent_on.source_column: note is text, which cannot become a date-format",
    ),
    (
        "tables/0/attributes/11",
        plain("flag", "BOOL", "lent_at"),
        f"{LOANS}.flag.source_column: lent_at is datetime, which cannot become the type BOOL",
    ),
    (
        _JOIN,
        {
            "type": "foreign-key",
            "target_table": "reader",
            "join_condition": "reader.id = loans.reader_id",
            "select_column": "reader.full_name",
        },
        f"{LOANS}.reader_name.join: the source has no table reader; did you mean readers?",
    ),
    (
        f"{_JOIN}/select_column",
        "readers.fullname",
        f"{LOANS}.reader_name.join: readers has no column fullname; did you mean full_name?",
    ),
    (
        f"{_JOIN}/join_condition",
        "readers.id = reader",
        f"{LOANS}.reader_name.join: there is no column reader in readers or loans; did you mean",
    ),
    (
        "tables/0/attributes/8/join/joins/1/join_condition",
        "shelves.id = books.shelf",
        f"{LOANS}.shelf_path.join.joins[1]: books has no column shelf; did you mean shelf_id?",
    ),
    (
        "tables/0/attributes/10/calculation/else",
        "stat",
        f"{LOANS}.state_label.calculation: there is no column stat in loans; did you mean state?",
    ),
    (
        "tables/0/attributes/10/calculation/else",
        "unclear",
        f"{LOANS}.state_label.calculation: there is no column unclear in loans; a text stands in",
    ),
    (
        "tables/1/attributes/3/join/construction/select_columns/title",
        "books.cover",
        f"{SHELVES}.newest_books: cover is binary, which JSON cannot hold",
    ),
    (
        "tables/1/attributes/3/join/construction/order_by",
        "books.added DESC",
        f"{SHELVES}.newest_books.join.construction.order_by: books has no column added; did you",
    ),
    (
        "tables/2/entities/1/pk_template",
        "READER#{readerid}",
        "tables[2].entities[1].pk_template: {readerid} is neither an attribute nor a column of",
    ),
    (
        "tables/2/entities/1/attributes/0/transformation/format",
        "FINE#{nr}",
        "tables[2].entities[1].attributes.SK.transformation.format: fines has no column nr",
    ),
    (
        "tables/2/unique",
        [],
        "tables[2].entities[0]: readers keeps email unique: name email in `unique` or in",
    ),
]


def _found(document: Document) -> tuple[Problem, ...]:
    return check_source(contract_from(document), SCHEMA)


def _errors(document: Document) -> list[str]:
    return [str(each) for each in _found(document) if not each.is_warning]


def _warnings(document: Document) -> str:
    return "\n".join(str(each) for each in _found(document) if each.is_warning)


@pytest.mark.parametrize(("path", "value", "expected"), BROKEN)
def test_what_the_source_cannot_give_is_one_error_with_path_and_cause(
    path: str, value: object, expected: str
) -> None:
    (problem,) = _errors(changed(v2(), path, value))
    assert problem.startswith(expected)


@pytest.mark.parametrize(("type_", "errors"), [("N", 0), ("B", 0), ("BOOL", 0), ("S", 1)])
def test_bits_are_a_number_or_bytes_and_no_text(type_: str, errors: int) -> None:
    scale = SourceTable("t", (SourceColumn("bits", "bit(9)", nullable=False),), ("bits",))
    attribute = Attribute("a", "a", cast(AttributeType, type_), Columns(("bits",)))
    found = check_columns(Entity("e", "e", "t", (attribute,)), SourceSchema({"t": scale}))
    assert len(list(found)) == errors


@pytest.mark.parametrize(
    ("type_", "errors"),
    [("enum('a','b''','[\"c\",\"d\"]')", 0), ("enum('a','b'',c')", 1), ("set('a','b')", 0)],
)
def test_a_word_of_an_enum_is_no_set_of_several(type_: str, errors: int) -> None:
    words = SourceTable("t", (SourceColumn("word", type_, nullable=False),), ("word",))
    attribute = Attribute("a", "a", "SS", Columns(("word",)))
    found = check_columns(Entity("e", "e", "t", (attribute,)), SourceSchema({"t": words}))
    assert len(list(found)) == errors


def test_a_list_may_hold_bits_and_be_of_rows_with_a_bit_set() -> None:
    document = changed(v2(), "tables/1/attributes/3/join/join_condition", "books.is_new")
    document = changed(
        document, "tables/1/attributes/3/join/construction/select_columns/new", "books.is_new"
    )
    assert _errors(document) == []


@pytest.mark.parametrize("word", ["unique", "not_unique"])
def test_a_unique_column_is_spoken_of_in_either_word(word: str) -> None:
    document = changed(v1(), "0/unique", ...)
    (problem,) = _errors(document)
    assert problem == (
        "tables[0]: readers keeps email unique: name Email in `unique` or in `not_unique`"
    )
    assert _errors(changed(document, f"0/{word}", ["Email"])) == []


def test_a_unique_column_that_is_the_key_needs_no_word() -> None:
    document = changed(changed(v1(), "0/unique", ...), "0/pk", "Email")
    changed(document, "0/satisfies", [])
    assert _errors(changed(document, "0/gsis", [])) == []


def test_a_lookup_that_may_find_several_rows_is_warned_of_with_its_columns() -> None:
    document = changed(v2(), f"{_JOIN}/join_condition", "readers.branch_id = loans.clerk_id")
    assert f"{LOANS}.reader_name.join: may find several rows" in _warnings(document)
    assert "readers.branch_id" in _warnings(document)


def test_a_lookup_by_a_whole_key_of_several_columns_is_not_warned_of() -> None:
    assert "several rows" not in _warnings(v2())
    document = changed(
        v2(), "tables/0/attributes/6/join/join_conditions", ["editions.book_id = loans.book_id"]
    )
    assert f"{LOANS}.edition.join: may find several rows" in _warnings(document)


def test_what_no_index_finds_is_warned_of() -> None:
    warned = "no index of books begins with what is looked for: each row reads the whole table"
    assert warned not in _warnings(v2())
    document = changed(
        v2(), "tables/1/attributes/3/join/join_condition", "books.pages = shelves.id"
    )
    assert f"{SHELVES}.newest_books.join: {warned}" in _warnings(document)


def test_a_key_that_may_be_null_is_warned_of() -> None:
    document = changed(v2(), "tables/0/attributes/0/source_column", "clerk_id")
    assert f"{LOANS}.reader_id: clerk_id may be NULL, and a row without" in _warnings(document)


def test_a_key_that_may_be_too_long_is_warned_of() -> None:
    document = changed(v2(), "tables/1/attributes/0/source_column", "settings")
    assert f"{SHELVES}.shelf_id: settings may have 65535 bytes" in _warnings(document)


def test_a_hash_key_of_few_values_is_warned_of() -> None:
    document = changed(v2(), "tables/1/attributes/0/source_column", "tags")
    assert f"{SHELVES}.shelf_id: shelf_id is made of tags, which is set('a','b')" in _warnings(
        document
    )


def test_a_part_of_a_key_that_may_be_null_is_warned_of_whatever_its_other_parts_are() -> None:
    calculated = {
        "name": "GSI1PK",
        "type": "S",
        "calculation": {"type": "concat", "expression": "LOWER(email)"},
    }
    document = changed(v2(), "tables/2/entities/0/attributes/2", calculated)
    changed(document, "tables/2/entities/0/sk_template", "{GSI1PK}#{branch_id}")
    path = "tables[2].entities[0].sk_template"
    assert f"{path}: branch_id may be NULL, and a row without" in _warnings(document)


def test_text_made_of_binary_columns_is_warned_of() -> None:
    document = changed(v2(), "tables/2/entities/0/attributes/3", plain("photo", "S", "photo"))
    cause = "photo is blob: bytes that are no UTF-8 text reject their row"
    path = "tables[2].entities[0].attributes.photo.source_column"
    assert f"{path}: {cause}" in _warnings(document)
