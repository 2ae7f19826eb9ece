"""A library's contracts in both dialects, and the schema of the database that they fit."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable

Document = Any
"""What a JSON file holds; tests change it in places."""


def v1() -> Document:
    """A new copy of the contract in dialect v1."""
    return deepcopy(_V1)


def v2() -> Document:
    """A new copy of the contract in dialect v2."""
    return deepcopy(_V2)


def changed(document: Document, path: str, value: object) -> Document:
    """The document with another value at a path such as `tables.0.gsis.1.pk`; `...` removes it."""
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("/"))
    place = document
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


def plain(name: str, type_: str, column: str, **more: object) -> Document:
    """An attribute of dialect v2 that is a column."""
    return {"name": name, "type": type_, "source_column": column, **more}


def _v1_plain(type_: str, table: str, column: str) -> Document:
    return {"type": type_, "source_table": table, "source_column": column}


_V1: Document = [
    {
        "table": "Readers",
        "type": "Table",
        "source_table": "readers",
        "pk": "ReaderId",
        "gsis": [{"name": "ByEmail", "pk": "Email"}],
        "attributes": {
            "ReaderId": _v1_plain("N", "readers", "id"),
            "Email": _v1_plain("S", "readers", "email"),
            "FullName": _v1_plain("S", "readers", "full_name"),
            "BranchName": {
                **_v1_plain("S", "branches", "name"),
                "denormalized": True,
                "justification": "The card shows it",
                "join": {"local_column": "branch_id", "source_column": "id"},
            },
        },
        "unique": ["Email"],
        "satisfies": ["Get reader by reader id", "Find a reader by email"],
        "estimated_item_size_bytes": 300,
    },
    {
        "table": "ReadersByBranch",
        "type": "GSI",
        "source_table": "readers",
        "pk": "BranchId",
        "sk": "FullName",
        "attributes": {
            "BranchId": _v1_plain("N", "readers", "branch_id"),
            "FullName": _v1_plain("S", "readers", "full_name"),
        },
        "satisfies": ["Readers by branch id, sorted by full name"],
        "estimated_item_size_bytes": 300,
    },
]

_LOANS: Document = {
    "table": "Loans",
    "type": "single-entity",
    "source_table": "loans",
    "pk": "reader_id",
    "sk": "lent_on#loan_id",
    "gsis": [
        {"index_name": "ByBook", "pk": "book_id", "sk": "lent_on#loan_id"},
        {
            "index_name": "ByReaderName",
            "pk": "reader_name",
            "projection": "INCLUDE",
            "projected_attributes": ["shelf_path"],
        },
    ],
    "attributes": [
        plain("reader_id", "N", "reader_id"),
        plain("loan_id", "N", "id"),
        plain("book_id", "N", "book_id"),
        plain(
            "lent_on",
            "S",
            "lent_at",
            transformation={
                "type": "date-format",
                "format": "YYYY-MM-DD",
                "source_format": "timestamp",
            },
        ),
        plain(
            "number",
            "S",
            "id",
            transformation={"type": "number-format", "format": "000000"},
        ),
        plain(
            "reader_name",
            "S",
            "reader_id",
            join={
                "type": "foreign-key",
                "target_table": "readers",
                "join_condition": "readers.id = loans.reader_id",
                "select_column": "readers.full_name",
            },
            denormalized=True,
            justification="Lists show it",
        ),
        plain(
            "edition",
            "S",
            "book_id",
            source_table="loans",
            join={
                "type": "multi-column",
                "target_table": "editions",
                "join_conditions": [
                    "editions.book_id = loans.book_id",
                    "editions.number = loans.edition",
                ],
                "select_column": "CONCAT(editions.publisher, ', ', editions.number)",
            },
        ),
        plain(
            "lent_by",
            "S",
            "clerk_id",
            join={
                "type": "conditional",
                "condition": "loans.clerk_id IS NOT NULL",
                "target_table": "clerks",
                "join_condition": "clerks.id = loans.clerk_id",
                "select_column": "clerks.name",
                "else_value": "machine",
            },
        ),
        plain(
            "shelf_path",
            "S",
            "book_id",
            join={
                "type": "chain",
                "chain_separator": " > ",
                "joins": [
                    {
                        "target_table": "books",
                        "join_condition": "books.id = loans.book_id",
                        "select_column": "books.title",
                    },
                    {
                        "target_table": "shelves",
                        "join_condition": "shelves.id = books.shelf_id",
                        "select_column": "shelves.name",
                    },
                ],
            },
        ),
        plain(
            "due_on",
            "S",
            "lent_at",
            calculation={"type": "date-math", "operation": "add", "amount": 30, "unit": "DAY"},
        ),
        plain(
            "state_label",
            "S",
            "state",
            calculation={
                "type": "case",
                "cases": [
                    {"when": "state = 'O'", "then": "'Out'"},
                    {"when": "state = 'B'", "then": "'Back'"},
                ],
                "else": "'Unknown'",
            },
        ),
    ],
    "satisfies": ["Loans by reader id", "Loans by book id, sorted by lent on", "AP7"],
    "estimated_item_size_bytes": 700,
}

_SHELVES: Document = {
    "table": "Shelves",
    "type": "single-entity",
    "source_table": "shelves",
    "pk": "shelf_id",
    "sk": None,
    "attributes": [
        plain("shelf_id", "S", "id"),
        plain(
            "parent_name",
            "S",
            "parent_id",
            join={
                "type": "self-join",
                "join_alias": "parent",
                "join_condition": "parent.id = shelves.parent_id",
                "select_column": "parent.name",
                "null_value": "ROOT",
            },
        ),
        plain(
            "room",
            "S",
            "room_id",
            join={
                "type": "lookup-table",
                "target_table": "rooms",
                "join_condition": "rooms.id = shelves.room_id",
                "select_column": "rooms.name",
            },
        ),
        plain(
            "newest_books",
            "L",
            "id",
            join={
                "type": "json-construction",
                "target_table": "books",
                "join_condition": "books.shelf_id = shelves.id",
                "construction": {
                    "type": "array",
                    "limit": 5,
                    "order_by": "books.added_at DESC",
                    "select_columns": {"title": "books.title", "added": "added_at"},
                },
            },
        ),
        plain(
            "pages",
            "N",
            "id",
            calculation={
                "type": "aggregate",
                "target_table": "books",
                "join_condition": "books.shelf_id = shelves.id",
                "operation": "SUM",
                "select_column": "books.pages * books.copies",
            },
        ),
        plain("label", "S", "name", calculation={"type": "concat", "separator": " "}),
        plain("tags", "SS", "tags"),
        plain("is_open", "BOOL", "is_open"),
        plain("settings", "M", "settings", transformation={"type": "json-parse"}),
    ],
    "satisfies": ["Get shelf by shelf id"],
    "estimated_item_size_bytes": 900,
}

_MEMBERS: Document = {
    "table": "Members",
    "type": "multi-entity",
    "source_table": "readers",
    "pk": "PK",
    "sk": "SK",
    "gsis": [{"index_name": "GSI1", "pk": "GSI1PK", "projection": "ALL"}],
    "entities": [
        {
            "entity_type": "READER",
            "source_table": "readers",
            "pk_template": "READER#{reader_id}",
            "sk_template": "PROFILE",
            "attributes": [
                plain("reader_id", "N", "id"),
                plain("email", "S", "email"),
                plain("GSI1PK", "S", "email"),
            ],
        },
        {
            "entity_type": "FINE",
            "source_table": "fines",
            "pk_template": "READER#{reader_id}",
            "sk_template": "FINE#{id}",
            "attributes": [
                plain(
                    "SK",
                    "S",
                    "id",
                    transformation={"type": "string-format", "format": "FINE#{id}"},
                ),
                plain("cents", "N", "cents"),
            ],
        },
    ],
    "unique": ["email"],
    "satisfies": ["Get reader by reader id", "Get reader by email"],
    "estimated_item_size_bytes": 400,
}

_V2: Document = {"tables": [_LOANS, _SHELVES, _MEMBERS]}


def _table(
    name: str,
    columns: str,
    *unique: tuple[str, ...],
    key: tuple[str, ...] = ("id",),
    indexed: tuple[str, ...] = (),
) -> SourceTable:
    """Columns as `name type`, with `?` behind the type where they may be NULL."""
    parts = [each.split() for each in columns.split("; ")]
    made = [SourceColumn(name, type_.rstrip("?"), type_.endswith("?")) for name, type_ in parts]
    begins = {each[0] for each in (key, *unique)}
    return SourceTable(name, tuple(made), key, unique, frozenset({*begins, *indexed}))


_TABLES = [
    _table(
        "readers",
        "id int; email varchar(200); full_name varchar(200); branch_id int?; photo blob?",
        ("email",),
    ),
    _table("branches", "id int; name varchar(100)"),
    _table(
        "loans",
        "id int; reader_id int; book_id int; edition int; clerk_id int?; state enum('O','B'); "
        "lent_at datetime; note text?",
    ),
    _table("editions", "book_id int; number int; publisher text", key=("book_id", "number")),
    _table("clerks", "id int; name varchar(100); photo longblob?"),
    _table(
        "books",
        "id int; title varchar(300); shelf_id int; pages int; copies int; added_at datetime; "
        "cover mediumblob; is_new bit(1)",
        indexed=("shelf_id",),
    ),
    _table(
        "shelves",
        "id int; name varchar(50); parent_id int?; room_id int; tags set('a','b'); "
        "is_open tinyint(1); settings json",
    ),
    _table("rooms", "id int; name varchar(50); code char(4)"),
    _table("fines", "id int; reader_id int; cents int"),
]

SCHEMA = SourceSchema({table.name: table for table in _TABLES})
