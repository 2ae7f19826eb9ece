"""What every target promises, and the one that only counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from math import ceil
from typing import Protocol

from attrs import frozen
from typing_extensions import override

from domain.errors import DynastrataError
from infrastructure.dynamodb.items import Item, item_size
from infrastructure.migration.contract import Contract, Index, Table
from infrastructure.migration.tasks import Task

WRITE_UNIT = 1024
"""Bytes that one write unit covers. Source: Developer Guide, "Read and write capacity"."""

WriteItems = Callable[[Sequence[Item]], float]
"""Writes items of different keys; returns the write units that this took."""


@frozen
class TargetUnfit(DynastrataError):
    """What is there is not what the contract asks for."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Target(Protocol):
    """Where items go. Writing the items of a task again changes nothing."""

    def open(self, task: Task) -> AbstractContextManager[WriteItems]:
        """What writes the items of a task. They are stored for good when it was left."""
        ...


class NoTarget(Target):
    """Writes nothing, and tells what it would take to write each item for the first time."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    @override
    @contextmanager
    def open(self, task: Task) -> Iterator[WriteItems]:
        table = self._contract.table(task.table)
        yield lambda items: float(sum(write_units(table, item) for item in items))


def write_units(table: Table, item: Item) -> int:
    """The write units of a new item: in the table, and in each index that it is in."""
    indexes = (index for index in table.indexes if _is_in(index, item))
    return _units(item) + sum(_units(_projected(table, index, item)) for index in indexes)


def _is_in(index: Index, item: Item) -> bool:
    return index.hash_key in item and (index.range_key is None or index.range_key in item)


def _projected(table: Table, index: Index, item: Item) -> Item:
    if index.projection == "ALL":
        return item
    names = {*table.key_names, index.hash_key, index.range_key, *index.projected}
    return {name: value for name, value in item.items() if name in names}


def _units(item: Item) -> int:
    return max(1, ceil(item_size(item) / WRITE_UNIT))
