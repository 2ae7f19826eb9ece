"""SQL that is none, or that speaks of tables out of reach."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from infrastructure.migration.contract import Attribute, Entity, Lookup
from infrastructure.migration.errors import Problem, nearest
from infrastructure.migration.fragments import columns_of, parse, parse_order
from infrastructure.migration.rules.reach import Fragment, fragments


def check_sql(entity: Entity) -> Iterator[Problem]:
    """Fragments that cannot be understood, and names that no table in reach has."""
    for attribute in entity.attributes:
        for fragment in fragments(entity, attribute):
            yield from _fragment(fragment)
        yield from _idle_steps(entity, attribute)


def parsed(fragment: Fragment) -> exp.Expr:
    """The fragment's expression. Raises `ValueError` with the cause."""
    return parse_order(fragment.sql) if fragment.is_order else parse(fragment.sql)


def _fragment(fragment: Fragment) -> Iterator[Problem]:
    try:
        columns = columns_of(parsed(fragment))
    except ValueError as error:
        yield Problem(fragment.path, str(error))
        return
    for table in dict.fromkeys(table for table, _ in columns):
        if table is not None and table not in fragment.tables:
            known = ", ".join(fragment.tables)
            cause = f"{table} in {fragment.sql!r} is none of the tables in reach: {known}"
            yield Problem(fragment.path, cause + nearest(table, fragment.tables))


def _idle_steps(entity: Entity, attribute: Attribute) -> Iterator[Problem]:
    """Warns of conditions that do not bind a table to the rows."""
    if not isinstance(attribute.source, Lookup):
        return
    for step in attribute.source.steps:
        try:
            columns = [each for sql in step.conditions for each in columns_of(parse(sql))]
        except ValueError:
            return  # told as a fragment
        tables = {table for table, _ in columns}
        is_own = step.alias == entity.source_table  # its own name stands for both sides
        if not is_own and None not in tables and (step.alias not in tables or len(tables) < 2):
            cause = f"the conditions do not compare {step.alias} with a row before it"
            yield Problem(f"{attribute.path}.join", cause, is_warning=True)
