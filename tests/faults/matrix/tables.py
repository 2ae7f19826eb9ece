"""What the tables of one service hold: read where they were written to, and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from tests.faults.matrix.invariants import Items
from tests.faults.matrix.network import Network

MAX_BATCH = 25

Item = Mapping[str, Any]


@define(eq=False)
class Tables:
    """The tables whose names begin with `prefix`, past the network of the service.

    What they hold is known, but for those that the network has seen a write to.
    """

    client: Client
    prefix: str
    network: Network
    _known: dict[str, Sequence[Item]] = field(factory=dict)

    def items(self) -> Items:
        """Every item, by the logical name of its table. A table without any is left out."""
        written, self.network.written = self.network.written, set()
        for name in sorted(written):
            self._known[name.removeprefix(self.prefix)] = list(self._scan(name))
        return {table: items for table, items in self._known.items() if items}

    def restore(self, wanted: Items) -> None:
        """Lets the tables hold these items and nothing else."""
        there = self.items()
        requests = [
            (self.prefix + table, request)
            for table in sorted(there.keys() | wanted.keys())
            for request in _changes(there.get(table, ()), wanted.get(table, ()))
        ]
        for first in range(0, len(requests), MAX_BATCH):
            batch: dict[str, list[Item]] = {}
            for name, request in requests[first : first + MAX_BATCH]:
                batch.setdefault(name, []).append(request)
            answer = self.client.batch_write_item(RequestItems=batch)
            assert not answer["UnprocessedItems"]
        self._known = dict(wanted)

    def renew(self, schemas: Sequence[TableSchema]) -> None:
        """Replaces these tables by new ones, whose streams are empty."""
        for schema in schemas:
            self.drop(schema)
            self.client.create_table(**schema.creation(Capacity()))

    def drop(self, schema: TableSchema) -> None:
        """Removes a table that may be there."""
        self.network.written.discard(schema.name)
        self._known.pop(schema.name.removeprefix(self.prefix), None)
        try:
            self.client.delete_table(TableName=schema.name)
        except self.client.exceptions.ResourceNotFoundException:
            return

    def _scan(self, name: str) -> Iterator[Item]:
        request: dict[str, Any] = {"TableName": name, "ConsistentRead": True}
        while True:
            try:
                answer = self.client.scan(**request)
            except self.client.exceptions.ResourceNotFoundException:
                return
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def key_of(item: Item) -> dict[str, Any]:
    """The key of an item of any table: these attributes."""
    names = ("id",) if "id" in item else ("pk", "sk")
    return {name: item[name] for name in names if name in item}


def _changes(there: Sequence[Item], wanted: Sequence[Item]) -> Iterator[Item]:
    """What makes a table hold what is wanted."""
    keys = [key_of(item) for item in wanted]
    for item in there:
        if key_of(item) not in keys:
            yield {"DeleteRequest": {"Key": key_of(item)}}
    for item in wanted:
        if item not in there:
            yield {"PutRequest": {"Item": item}}
