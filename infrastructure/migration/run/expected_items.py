"""The items that the rows of a range should become: what is written, and what is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import TypeVar

from attrs import define, evolve, field

from infrastructure.dynamodb.items import Item, item_size
from infrastructure.migration.claims.claim_keys import owner_of
from infrastructure.migration.claims.claim_pass import ClaimPass, Converted
from infrastructure.migration.contract import Columns, Contract, Entity, Table, Template
from infrastructure.migration.conversion.converter import Converter
from infrastructure.migration.rows import Reject, RowRejected, SourceRow
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.tasks import Report, Task
from infrastructure.migration.templates import template

T = TypeVar("T")

ROWS_AT_ONCE = 100
"""Rows in memory: as many as keys in one `BatchGetItem`, and four `BatchWriteItem`."""


@define
class Tally:
    """What becomes of the rows of a task, while it is under way."""

    task: Task
    rows: int = 0
    items: int = 0
    item_bytes: int = 0
    write_units: float = 0.0
    rejects: list[Reject] = field(factory=list)

    def reject(self, row: SourceRow, rejected: RowRejected) -> None:
        """The row becomes no item."""
        task = self.task
        reject = Reject(task.table, task.entity, row.key, rejected.column, rejected.reason)
        self.rejects.append(reject)

    def wrote(self, items: Sequence[Item], units: float) -> None:
        """These are in the target."""
        self.items += len(items)
        self.item_bytes += sum(map(item_size, items))
        self.write_units += units

    def report(self) -> Report:
        """What became of the task."""
        return Report(
            self.task,
            rows=self.rows,
            items=self.items,
            rejects=tuple(self.rejects),
            item_bytes=self.item_bytes,
            write_units=self.write_units,
        )


class Repeats:
    """Rows of a table without a key that are the same as others: they would be one item.

    A table without a key is one task. Memory grows with its rows, by some hundred bytes each.
    """

    def __init__(self, table: Table | None) -> None:
        """`None`: a key tells the rows."""
        self._table = table
        self._seen: set[str] = set()

    def refusal(self, item: Item) -> RowRejected | None:
        """Why this is no item, where an equal row was one."""
        if self._table is None:
            return None
        owner = owner_of(self._table, item)
        if owner in self._seen:
            return RowRejected(", ".join(self._table.key_names), "another row has the same values")
        self._seen.add(owner)
        return None


def told_by_its_item(table: Table, entity: Entity, row: SourceRow) -> SourceRow:
    """A row of a table without a key, told also by what the key of its item is made of.

    Plain columns, by which it is told already, may be the same in several such rows.
    """
    parts = dict(_parts_of_key(entity, table.key_names, row))
    return evolve(row, key={**row.key, **parts, **row.key})


def _parts_of_key(
    entity: Entity, names: Iterable[str], row: SourceRow
) -> Iterator[tuple[str, object]]:
    for name in names:
        attribute = entity.attribute(name)
        if attribute is None:
            yield name, row.columns[name]
        elif isinstance(attribute.source, Template):
            yield from _parts_of_key(entity, template(attribute.source.text).names, row)
        elif not isinstance(attribute.source, Columns):
            yield name, row.values[name]


class ExpectedItems:
    """Rows as items, or as rejects. The same rows and claims give the same, as often as asked."""

    def __init__(
        self,
        contract: Contract,
        schema: SourceSchema,
        reader: SourceReader,
        claims: ClaimPass,
        chosen: Callable[[SourceRow], bool] = lambda _: True,
    ) -> None:
        """Rows that are not `chosen` are counted, and left out."""
        self._chosen = chosen
        self._contract = contract
        self._schema = schema
        self._reader = reader
        self._claims = claims
        self._converter = cache(self._new_converter)

    def of(self, task: Task, tally: Tally) -> Iterator[list[Converted]]:
        """So many rows at once with their items; what cannot be one is rejected."""
        repeats = self._repeats_of(task)
        for converted in self.converted(task, tally):
            kept: list[Converted] = []
            for (row, item), lost in self._claims.checked(task, converted):
                refused = lost or repeats.refusal(item)
                if refused is None:
                    kept.append((row, item))
                else:
                    tally.reject(row, refused)
            yield kept

    def converted(self, task: Task, tally: Tally) -> Iterator[list[Converted]]:
        """The same before any claim is asked for."""
        entity = self._contract.table(task.table).entity(task.entity)
        converter = self._converter(task.table, task.entity)
        for rows in in_parts(self._rows(task, entity), ROWS_AT_ONCE):
            tally.rows += len(rows)
            converted: list[Converted] = []
            for row in filter(self._chosen, rows):
                try:
                    converted.append((row, converter.to_item(row)))
                except RowRejected as rejected:
                    tally.reject(row, rejected)
            yield converted

    def _rows(self, task: Task, entity: Entity) -> Iterator[SourceRow]:
        rows = self._reader.rows(entity, task.after, task.up_to)
        if self._schema.tables[entity.source_table].row_key:
            return rows
        return map(partial(told_by_its_item, self._contract.table(task.table), entity), rows)

    def _new_converter(self, table: str, entity: str) -> Converter:
        found = self._contract.table(table)
        return Converter(found, found.entity(entity))

    def _repeats_of(self, task: Task) -> Repeats:
        table = self._contract.table(task.table)
        source = self._schema.tables[table.entity(task.entity).source_table]
        return Repeats(None if source.row_key else table)


def in_parts(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Parts of a stream, which `batched` has not."""
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        yield part
