"""The tables that a contract asks for."""

from __future__ import annotations

from infrastructure.dynamodb.schema.table_schema import TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.migration.contract import Contract
from infrastructure.migration.models import ClaimModel, item_model
from infrastructure.migration.names import CLAIMS


def table_schemas(contract: Contract, names: TableNames) -> list[TableSchema]:
    """The schema of each table, under its physical name, and of the table of claims.

    Raises `ValueError` for keys that no table can have; a contract that was checked has none.
    """
    claims = TableSchema(ClaimModel, names.physical(CLAIMS))
    tables = [
        TableSchema(item_model(table), names.physical(table.name)) for table in contract.tables
    ]
    return [*tables, claims]
