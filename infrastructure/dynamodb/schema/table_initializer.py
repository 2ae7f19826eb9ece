"""Creates the missing tables, leaves the existing ones alone, and tells how they differ."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from typing_extensions import override

from application.errors import RequestRejected, ResourceMissing, TableNotReady
from application.ports.table_initializer import TableInitializer, TableStatus
from infrastructure.dynamodb.gateway.errors import ResourceInUse
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_schema import Capacity, Description, TableSchema

POLL_SECONDS = 0.2

logger = structlog.get_logger(__name__)


class DynamoDBTableInitializer(TableInitializer):
    """Creates and compares tables. Waits `patience` seconds for a table, not longer."""

    def __init__(
        self,
        gateway: Gateway,
        schemas: Iterable[TableSchema],
        capacity: Capacity,
        patience: float = 60.0,
    ) -> None:
        self._gateway = gateway
        self._schemas = tuple(schemas)
        self._capacity = capacity
        self._patience = patience

    @override
    def create_missing(self, *, update_existing: bool = False) -> list[str]:
        """See the port. Raises `TableNotReady` when a table does not become active."""
        created = []
        for schema in self._schemas:
            present = self._describe(schema)
            if present is None:
                if self._create(schema):
                    created.append(schema.name)
                continue
            logger.debug("table exists, left alone", table=schema.name)
            if present["TableStatus"] == "CREATING":
                self._wait(schema, "ACTIVE")
            if update_existing:
                self._update(schema)
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
        self._wait(schema, "ACTIVE")
        self._turn_on_ttl(schema)
        if created:
            logger.info("table created", table=schema.name)
        return created

    def _update(self, schema: TableSchema) -> None:
        self._add_indexes(schema)
        self._turn_on_stream(schema)
        self._turn_on_ttl(schema)

    def _add_indexes(self, schema: TableSchema) -> None:
        # One at a time: the service adds no more with one request.
        while missing := self._missing_indexes(schema):
            try:
                self._gateway.call("UpdateTable", schema.addition(missing[0], self._capacity))
            except (RequestRejected, ResourceInUse):
                if missing[0] in self._missing_indexes(schema):
                    raise
                continue  # someone else added it at the same moment
            logger.info("index added", table=schema.name, index=missing[0])
            self._wait(schema, "ACTIVE")

    def _missing_indexes(self, schema: TableSchema) -> list[str]:
        table = self._wait(schema, "ACTIVE")
        return [] if table is None else schema.missing_indexes(table)

    def _turn_on_stream(self, schema: TableSchema) -> None:
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
        self._wait(schema, "ACTIVE")
        logger.info("stream turned on", table=schema.name)

    def _awaits_stream(self, schema: TableSchema) -> bool:
        table = self._wait(schema, "ACTIVE")
        return table is not None and schema.lacks_stream(table)

    def _turn_on_ttl(self, schema: TableSchema) -> None:
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

    def _status(self, schema: TableSchema) -> TableStatus:
        table = self._describe(schema)
        if table is None:
            return TableStatus(schema.name, "MISSING")
        drift = schema.drift(table, self._ttl(schema))
        return TableStatus(schema.name, table["TableStatus"], tuple(drift))

    def _delete(self, schema: TableSchema) -> bool:
        try:
            self._gateway.call("DeleteTable", {"TableName": schema.name})
        except ResourceMissing:
            return False
        self._wait(schema, None)
        logger.info("table deleted", table=schema.name)
        return True

    def _describe(self, schema: TableSchema) -> Description | None:
        try:
            answer = self._gateway.call("DescribeTable", {"TableName": schema.name})
        except ResourceMissing:
            return None
        table: Description = answer["Table"]
        return table

    def _ttl(self, schema: TableSchema) -> Description:
        if schema.ttl_attribute is None:
            return {}
        answer = self._gateway.call("DescribeTimeToLive", {"TableName": schema.name})
        ttl: Description = answer["TimeToLiveDescription"]
        return ttl

    def _wait(self, schema: TableSchema, state: str | None) -> Description | None:
        """The table once it and its indexes are in this state; None waits until it is gone."""
        retry = self._gateway.retry
        until = retry.monotonic() + self._patience
        while True:
            table = self._describe(schema)
            if _states(table) == ({state} if state else set()):
                return table
            if retry.monotonic() >= until:
                raise TableNotReady(
                    operation="DescribeTable",
                    table=schema.name,
                    detail=f"{', '.join(sorted(_states(table)))} after {self._patience:.0f} s",
                )
            retry.sleep(POLL_SECONDS)


def _states(table: Description | None) -> set[str]:
    if table is None:
        return set()
    indexes = table.get("GlobalSecondaryIndexes", ())
    return {table["TableStatus"], *(index["IndexStatus"] for index in indexes)}
