"""What the shop must become, computed by SQL of its own, and forms in which items are compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from attrs import evolve, frozen
from sqlalchemy import RowMapping

from infrastructure.dynamodb.items import Item
from infrastructure.migration.source.connection import connect

FOLDER = Path(__file__).parent
CONTRACTS = {version: FOLDER / f"contract_{version}.json" for version in ("v1", "v2")}

Plain = Mapping[str, tuple[str, object]]
"""By attribute: the type, and a value that equals another exactly when the two are the same."""


@frozen
class ExpectedRow:
    """A row of the source and the item that it becomes, or for which column it is rejected."""

    table: str
    entity: str
    key: tuple[object, ...]
    reject: str | None
    item: Plain


def expected_rows(url: str, version: str = "v2") -> Iterator[ExpectedRow]:
    """One for each row of each entity of the contract of this version."""
    if version == "v2":
        yield from _all_rows(url)
        return
    wanted = _attributes_of_v1()
    for row in _all_rows(url):
        if names := wanted.get(row.table):
            item = {name: value for name, value in row.item.items() if name in names}
            # What that contract does not read cannot be wrong there.
            yield evolve(row, item=item, reject=row.reject if row.reject in names else None)


def plain(item: Item) -> Plain:
    """The form in which an item is compared."""
    return {name: _plain(*next(iter(value.items()))) for name, value in item.items()}


def _plain(kind: str, value: object) -> tuple[str, object]:
    match kind, value:
        case "N", str():
            return kind, Decimal(value)
        case (("SS" | "NS" | "BS"), list()):
            return kind, frozenset(value)
        case "L", list():
            return kind, [_plain(*next(iter(each.items()))) for each in value]
        case "M", dict():
            return kind, plain(value)
    return kind, value


def _attributes_of_v1() -> dict[str, set[str]]:
    entries = json.loads(CONTRACTS["v1"].read_bytes())
    return {each["table"]: set(each["attributes"]) for each in entries if each["type"] == "Table"}


def _all_rows(url: str) -> Iterator[ExpectedRow]:
    text = (FOLDER / "expected.sql").read_text()
    sections = re.findall(r"^-- (\w+) (\w+)\n(SELECT.*?);$", text, re.MULTILINE | re.DOTALL)
    engine = connect(url)
    with engine.connect() as connection:
        for table, entity, sql in sections:
            found = connection.exec_driver_sql(sql.replace("%", "%%"), ())
            yield from (_row(table, entity, each) for each in found.mappings())
    engine.dispose()


def _row(table: str, entity: str, row: RowMapping) -> ExpectedRow:
    item = dict[str, tuple[str, object]]()
    for column, value in row.items():
        name, _, kind = str(column).rpartition(":")
        if name and value is not None:
            item[name] = (kind, _value(kind, value))
    key = tuple(value for column, value in row.items() if str(column).startswith("key "))
    return ExpectedRow(table, entity, key, row["reject"], item)


def _value(kind: str, value: object) -> object:
    match kind:
        case "N":
            return Decimal(str(value))
        case "BOOL":
            return value == 1
        case "SS":
            return frozenset(str(value).split(","))
        case "B":
            return value
        case "M" | "L":
            # A row that is rejected for it has JSON that is none.
            return _document(value)
    return str(value)


def _document(text: object) -> object:
    try:
        return _typed(json.loads(str(text), parse_float=Decimal, parse_int=Decimal))[1]
    except ValueError:
        return None


def _typed(value: object) -> tuple[str, object]:
    match value:
        case None:
            return "NULL", True
        case bool():
            return "BOOL", value
        case Decimal():
            return "N", value
        case list():
            return "L", [_typed(each) for each in value]
        case dict():
            return "M", {name: _typed(each) for name, each in value.items()}
    return "S", value
