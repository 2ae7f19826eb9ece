"""Creates the missing tables, leaves the existing ones alone, and tells how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from typing_extensions import override

from application.errors import RequestRejected, ResourceMissing
from application.ports.table_initializer import (
    TableChange,
    TableInitializer,
    TableStatus,
    untold,
)
from infrastructure.dynamodb.gateway.errors import ResourceInUse
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_schema import Capacity, Description, TableSchema
from infrastructure.dynamodb.schema.table_waiting import TableWaiting

logger = structlog.get_logger(__name__)


class DynamoDBTableInitializer(TableInitializer):
    """Creates and compares tables. Waits `patience` seconds for a table, not longer.

    Filling an index from what its table holds may take hours: `filling_patience` is for that.
    """

    def __init__(
        self,
        gateway: Gateway,
        schemas: Iterable[TableSchema],
        capacity: Capacity,
        patience: float = 60.0,
        filling_patience: float = 24 * 3600.0,
    ) -> None:
        self._gateway = gateway
        self._schemas = tuple(schemas)
        self._capacity = capacity
        self._waiting = TableWaiting(gateway, patience, filling_patience)

    @override
    def create_missing(
        self, *, update_existing: bool = False, tell: Callable[[TableChange], None] = untold
    ) -> list[str]:
        """See the port. Raises `TableNotReady` when a table does not become active."""
        created = []
        for schema in self._schemas:
            present = self._waiting.describe(schema.name)
            if present is None:
                if self._create(schema):
                    created.append(schema.name)
                continue
            logger.debug("table exists, left alone", table=schema.name)
            if present["TableStatus"] == "CREATING":
                self._waiting.until(schema.name, "ACTIVE")
            if update_existing:
                self._update(schema, tell)
        return created

    @override
    def status(self) -> list[TableStatus]:
        return [self._status(schema) for schema in self._schemas]

    @override
    def delete_all(self) -> list[str]:
        return [schema.name for schema in self._schemas if self._delete(schema)]

    def _create(self, schema: TableSchema) -> bool:
        """Whether it was this call that created the table, not another one at the same time."""
        try:
            self._gateway.call("CreateTable", schema.creation(self._capacity))
        except ResourceInUse:
            # Or this call did, and its answer was lost: what is left to do is done either way.
            logger.debug("table is being created by someone else", table=schema.name)
            created = False
        else:
            created = True
        self._waiting.until(schema.name, "ACTIVE")
        self._turn_on_ttl(schema, untold)
        if created:
            logger.info("table created", table=schema.name)
        return created

    def _update(self, schema: TableSchema, tell: Callable[[TableChange], None]) -> None:
        self._waiting.until_filled(schema.name, tell)
        self._add_indexes(schema, tell)
        self._turn_on_stream(schema, tell)
        self._turn_on_ttl(schema, tell)

    def _add_indexes(self, schema: TableSchema, tell: Callable[[TableChange], None]) -> None:
        # One at a time: the service adds no more with one request, nor while one is filled.
        while missing := schema.missing_indexes(self._waiting.until_filled(schema.name, tell)):
            try:
                self._gateway.call("UpdateTable", schema.addition(missing[0], self._capacity))
            except (RequestRejected, ResourceInUse):
                if missing[0] in schema.missing_indexes(
                    self._waiting.until_filled(schema.name, tell)
                ):
                    raise
                continue  # someone else added it at the same moment
            self._waiting.until_filled(schema.name, tell)
            logger.info("index added", table=schema.name, index=missing[0])
            tell(TableChange(schema.name, f"index {missing[0]} added", is_done=True))

    def _turn_on_stream(self, schema: TableSchema, tell: Callable[[TableChange], None]) -> None:
        if not self._awaits_stream(schema):
            return
        specification = schema.stream_specification()
        try:
            self._gateway.call(
                "UpdateTable", {"TableName": schema.name, "StreamSpecification": specification}
            )
        except RequestRejected:
            if self._awaits_stream(schema):
                raise
            return  # someone else turned it on at the same moment
        self._waiting.until(schema.name, "ACTIVE")
        logger.info("stream turned on", table=schema.name)
        tell(TableChange(schema.name, "stream turned on", is_done=True))

    def _awaits_stream(self, schema: TableSchema) -> bool:
        table = self._waiting.until(schema.name, "ACTIVE")
        return table is not None and schema.lacks_stream(table)

    def _turn_on_ttl(self, schema: TableSchema, tell: Callable[[TableChange], None]) -> None:
        if not schema.lacks_ttl(self._ttl(schema)):
            return
        specification = {"Enabled": True, "AttributeName": schema.ttl_attribute}
        try:
            self._gateway.call(
                "UpdateTimeToLive",
                {"TableName": schema.name, "TimeToLiveSpecification": specification},
            )
        except RequestRejected:
            if schema.lacks_ttl(self._ttl(schema)):
                raise
            return  # someone else turned it on at the same moment
        logger.info("time-to-live turned on", table=schema.name, attribute=schema.ttl_attribute)
        tell(TableChange(schema.name, "time-to-live turned on", is_done=True))

    def _status(self, schema: TableSchema) -> TableStatus:
        table = self._waiting.describe(schema.name)
        if table is None:
            return TableStatus(schema.name, "MISSING")
        drift = schema.drift(table, self._ttl(schema))
        unusable = schema.unusable(table)
        return TableStatus(schema.name, table["TableStatus"], tuple(drift), tuple(unusable))

    def _delete(self, schema: TableSchema) -> bool:
        try:
            self._gateway.call("DeleteTable", {"TableName": schema.name})
        except ResourceMissing:
            return False
        self._waiting.until(schema.name, None)
        logger.info("table deleted", table=schema.name)
        return True

    def _ttl(self, schema: TableSchema) -> Description:
        if schema.ttl_attribute is None:
            return {}
        answer = self._gateway.call("DescribeTimeToLive", {"TableName": schema.name})
        ttl: Description = answer["TimeToLiveDescription"]
        return ttl
