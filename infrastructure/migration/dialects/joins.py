"""The joins of dialect v2: a value from another table, or from other rows of the same one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from infrastructure.migration.contract import Collection, Lookup, Source, Step
from infrastructure.migration.dialects.document import Place

JoinType = Literal[
    "self-join",
    "foreign-key",
    "multi-column",
    "conditional",
    "chain",
    "lookup-table",
    "json-construction",
]
ConstructionType = Literal["array", "object"]

_ALIAS = "join_alias"
_ABSENT_VALUE = "null_value"
_COLUMN = re.compile(r"[a-z_]\w*\.[a-z_]\w*")


def read_join(join: Place, source_table: str) -> Source | None:
    """What a join of the rows of this table gives. What is wrong with it is noted."""
    match join.tag("type", JoinType):
        case "self-join":
            return _self_join(join, source_table)
        case "foreign-key" | "lookup-table":
            return _foreign_key(join, source_table)
        case "multi-column":
            return _multi_column(join, source_table)
        case "conditional":
            return _conditional(join, source_table)
        case "chain":
            return _chain(join, source_table)
        case "json-construction":
            return _collection(join, source_table)
        case _:
            return None


def _self_join(join: Place, source_table: str) -> Lookup:
    found = join.fields(
        ["type", _ALIAS, "join_condition", "select_column"], [_ABSENT_VALUE, "target_table"]
    )
    target = found["target_table"]
    if not target.is_absent and target.text() != source_table:
        target.wrong(f"a self-join looks into {source_table} itself")
    step = Step(
        table=source_table,
        alias=_alias(found[_ALIAS], source_table, source_table, ()),
        conditions=(found["join_condition"].text(),),
        select=found["select_column"].text(),
    )
    return Lookup((step,), otherwise=_otherwise(found[_ABSENT_VALUE]))


def _foreign_key(join: Place, source_table: str) -> Lookup:
    found = join.fields(
        ["type", "target_table", "join_condition", "select_column"], [_ALIAS, _ABSENT_VALUE]
    )
    steps = (_step(found, "join_condition", source_table),)
    return Lookup(steps, otherwise=_otherwise(found[_ABSENT_VALUE]))


def _multi_column(join: Place, source_table: str) -> Lookup:
    found = join.fields(
        ["type", "target_table", "join_conditions", "select_column"], [_ALIAS, _ABSENT_VALUE]
    )
    steps = (_step(found, "join_conditions", source_table),)
    return Lookup(steps, otherwise=_otherwise(found[_ABSENT_VALUE]))


def _conditional(join: Place, source_table: str) -> Lookup:
    found = join.fields(
        ["type", "condition", "target_table", "join_condition", "select_column"],
        ["else_value", _ALIAS],
    )
    return Lookup(
        steps=(_step(found, "join_condition", source_table),),
        condition=found["condition"].text(),
        otherwise=_otherwise(found["else_value"]),
    )


def _chain(join: Place, source_table: str) -> Lookup:
    found = join.fields(["type", "joins"], ["chain_separator", _ABSENT_VALUE])
    steps: list[Step] = []
    for place in found["joins"].elements():
        parts = place.fields(["target_table", "join_condition", "select_column"], [_ALIAS])
        steps.append(_step(parts, "join_condition", source_table, steps))
    if found["joins"].value == []:
        found["joins"].wrong("must not be empty")
    separator = found["chain_separator"]
    return Lookup(
        steps=tuple(steps),
        separator=None if separator.is_absent else separator.any_text(),
        otherwise=_otherwise(found[_ABSENT_VALUE]),
    )


def _step(
    found: dict[str, Place], conditions: str, source_table: str, before: Iterable[Step] = ()
) -> Step:
    table = found["target_table"].text()
    place = found["target_table"] if found[_ALIAS].is_absent else found[_ALIAS]
    return Step(
        table=table,
        alias=_alias(place, table, source_table, before),
        conditions=found[conditions].texts(),
        select=found["select_column"].text(),
    )


def _alias(place: Place, table: str, source_table: str, before: Iterable[Step]) -> str:
    alias = other_rows(place, source_table) if table == source_table else place.text()
    if alias == source_table != table and table:
        place.wrong(f"{alias} is the table of the rows: give {table} another name")
    if alias and alias in {step.alias for step in before}:
        place.wrong(f"the chain comes to {alias} again: give {table} another join_alias here")
    return alias


def _otherwise(place: Place) -> str | None:
    text = place.literal()
    if text is not None and _COLUMN.fullmatch(text):
        place.warn(f"is stored as the text {text!r}, and is no column")
    return text


def _collection(join: Place, source_table: str) -> Collection:
    found = join.fields(["type", "target_table", "join_condition", "construction"])
    place = found["construction"]
    parts = place.fields(["type", "select_columns"], ["limit", "order_by"])
    columns = parts["select_columns"].members()
    if parts["select_columns"].value == {}:
        parts["select_columns"].wrong("must not be empty")
    limit = parts["limit"]
    return Collection(
        table=other_rows(found["target_table"], source_table),
        condition=found["join_condition"].text(),
        columns=tuple((name, column.required_text()) for name, column in columns.items()),
        is_list=parts["type"].choice(ConstructionType) != "object",
        order_by=parts["order_by"].optional_text(),
        limit=None if limit.is_absent else limit.whole_number(1),
    )


def other_rows(target: Place, source_table: str) -> str:
    """The name of a table to look into. Warns where it is that of the rows too."""
    name = target.text()
    if name and name == source_table:
        target.warn(
            f"{name} is the table of the rows too: where both sides of a comparison are named "
            f"{name}, the left one is of the rows looked for"
        )
    return name
