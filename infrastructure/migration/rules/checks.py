"""All rules of a contract: alone, against the schema of its source, against live tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from application.ports.table_initializer import TableStatus
from infrastructure.migration.contract import Contract, Table
from infrastructure.migration.errors import Problem, errors_of
from infrastructure.migration.rules.capacity import check_capacity
from infrastructure.migration.rules.keys import check_indexes, check_keys, check_unique
from infrastructure.migration.rules.names import check_names
from infrastructure.migration.rules.patterns import check_patterns
from infrastructure.migration.rules.source_columns import check_columns
from infrastructure.migration.rules.source_keys import check_key_columns
from infrastructure.migration.rules.source_lookups import check_lookups, check_query
from infrastructure.migration.rules.source_unique import check_unique_columns
from infrastructure.migration.rules.sql import check_sql
from infrastructure.migration.rules.values import check_values
from infrastructure.migration.source.schema import SourceSchema

_OTHER = "claims"


def check_contract(contract: Contract) -> tuple[Problem, ...]:
    """What is wrong with a contract, whatever its source, and what it warns of."""
    return tuple(dict.fromkeys(_of_contract(contract)))


def check_source(contract: Contract, schema: SourceSchema) -> tuple[Problem, ...]:
    """What is wrong with a contract for this source, and what it warns of.

    Args:
        contract: One without errors of its own.
        schema: Of the database that the rows come from.
    """
    return tuple(dict.fromkeys(_of_source(contract, schema)))


def check_live(contract: Contract, tables: Sequence[TableStatus]) -> tuple[Problem, ...]:
    """How live tables differ from those that the contract asks for; a missing one is a warning.

    Args:
        contract: One without errors of its own.
        tables: The tables of the contract, in its order; what follows them is not its own.
    """
    paths = [*(table.path for table in contract.tables), *([_OTHER] * len(tables))]
    return tuple(
        problem
        for path, table in zip(paths, tables, strict=False)
        for problem in _of_live(path, table)
    )


def _of_live(path: str, table: TableStatus) -> Iterator[Problem]:
    for difference in table.drift:
        yield Problem(path, f"the table {table.name} differs: {difference}")
    if table.state != "ACTIVE":
        yield Problem(path, f"the table {table.name} is {table.state}", is_warning=True)


def _of_contract(contract: Contract) -> Iterator[Problem]:
    yield from check_names(contract)
    for table in contract.tables:
        problems = list(_of_table(table))
        yield from problems
        if not errors_of(problems):
            # What these would say otherwise only follows from the errors.
            yield from check_patterns(table)
            yield from check_capacity(table)


def _of_table(table: Table) -> Iterator[Problem]:
    yield from check_keys(table)
    yield from check_indexes(table)
    yield from check_unique(table)
    for entity in table.entities:
        yield from check_values(entity)
        yield from check_sql(entity)


def _of_source(contract: Contract, schema: SourceSchema) -> Iterator[Problem]:
    for table in contract.tables:
        for entity in table.entities:
            problems = [*check_columns(entity, schema), *check_lookups(entity, schema)]
            yield from problems
            if not errors_of(problems):
                yield from check_query(entity, schema)
        yield from check_key_columns(table, schema)
        yield from check_unique_columns(table, schema)
