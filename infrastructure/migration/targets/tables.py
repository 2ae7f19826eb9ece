"""Items into the tables of DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from typing_extensions import override

from application.batched import batched
from infrastructure.dynamodb.gateway.batch import MAX_WRITES, batch_put
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.targets.target import Target, WriteItems
from infrastructure.migration.tasks import Task


class TableTarget(Target):
    """Tables of DynamoDB, written in batches at the pace that is allowed."""

    def __init__(self, gateway: Gateway, physical: Callable[[str], str], pacing: Pacing) -> None:
        """`physical` gives the name of a table of the contract in the account and region."""
        self._gateway = gateway
        self._physical = physical
        self._pacing = pacing

    @override
    @contextmanager
    def open(self, task: Task) -> Iterator[WriteItems]:
        table = self._physical(task.table)
        yield lambda items: sum(self._write(table, part) for part in batched(items, MAX_WRITES))

    def _write(self, table: str, items: Sequence[Item]) -> float:
        self._pacing.wait()
        with self._gateway.meter.measure() as usage:
            batch_put(self._gateway, table, items)
        self._pacing.spent(usage.write_units)
        return usage.write_units
