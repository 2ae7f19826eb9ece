"""Items of a contract's table for service code: what the contract says, and nothing beside it."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from attrs import frozen

from application.ports.ids import IdFactory
from domain.errors import InvalidValue
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.migration.claims.claim_keys import claim_key, key_of_owner
from infrastructure.migration.contract import Contract
from infrastructure.migration.conversion.records import (
    InvalidRecord,
    Record,
    entity_of,
    from_record,
    to_record,
)
from infrastructure.migration.conversion.typed import Value, python
from infrastructure.migration.names import CLAIMS
from infrastructure.migration.repository.item_writer import ItemWriter
from infrastructure.migration.repository.keys import changed_item, key_item
from infrastructure.migration.repository.queries import (
    ContractQuery,
    RangeCondition,
    contract_query,
    key_value,
)
from infrastructure.system.ids import RandomIds


class Expectation(Enum):
    """What a write may find."""

    ANYTHING = "anything"


ANYTHING: Final = Expectation.ANYTHING
"""A write replaces or removes whatever is stored."""

Expected = Record | None | Literal[Expectation.ANYTHING]
"""What a write must find: this very record, nothing (None), or anything."""


@frozen
class RecordPage:
    """Records in the order of the range key. `cursor` goes on after them; None at the end."""

    records: tuple[dict[str, Value], ...]
    cursor: str | None


class ContractRepository:
    """The items of one table, as records: Python values by attribute.

    Attributes that the contract makes of templates need not be given: they are computed. Unique
    values are claimed, kept and freed with each write, in one transaction with the item. Every
    method raises `InvalidRecord` for what the contract does not say, and `StorageError`; a write
    whose answer was lost for good raises `CommitOutcomeUnknown`. Safe to share between threads.
    """

    def __init__(
        self,
        gateway: Gateway,
        contract: Contract,
        table_names: TableNames,
        table: str,
        ids: IdFactory | None = None,
    ) -> None:
        """Raises `KeyError` for a table that the contract does not have."""
        self._gateway = gateway
        self._table = contract.table(table)
        self._writer = ItemWriter(
            gateway,
            self._table,
            table_names.physical(table),
            table_names.physical(CLAIMS),
            ids or RandomIds(),
        )

    def get(self, key: Record) -> dict[str, Value] | None:
        """The record with this key, strongly consistent.

        The key is its attributes, or those of which its templates are made.
        """
        found = self._writer.read(key_item(self._table, key))
        return None if found is None else to_record(self._table, found)

    def get_by_unique(self, values: Record) -> dict[str, Value] | None:
        """The record with these unique values, strongly consistent.

        Raises `InvalidRecord` where the contract does not keep them unique together.
        """
        claim, typed_values = self._claim(values)
        holder = self._writer.claim(claim)
        if holder is None:
            return None
        found = self._writer.read(key_of_owner(self._table, holder["owner"]["S"]))
        # A claim may be there before its item, while rows are moved; or freed since it was read.
        if found is None or not typed_values.items() <= found.items():
            return None
        return to_record(self._table, found)

    def query(
        self,
        values: Record,
        *,
        index: str | None = None,
        condition: RangeCondition | None = None,
        descending: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> RecordPage:
        """A page of the records with this hash key, and this range key or condition on it.

        At most `limit`; a page before the last may be followed by an empty one. A query of the
        table is strongly consistent, one of an index follows soon. `after` is a cursor of the same
        query. Raises `InvalidValue` for another cursor, an unknown index, a limit below 1.
        """
        if limit < 1:
            raise InvalidValue("limit", "must be at least 1")
        query = contract_query(
            self._table, values, index=index, condition=condition, descending=descending
        )
        request = query.request(self._writer.name)
        if after is not None:
            request["ExclusiveStartKey"] = query.start(after)
        found: list[Item] = []
        while True:
            answer = self._gateway.call("Query", {**request, "Limit": limit - len(found)})
            found += answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if last is None or len(found) >= limit:
                break
            request["ExclusiveStartKey"] = last
        records = tuple(self._projected(query, item) for item in found)
        return RecordPage(records, None if last is None else query.cursor(last))

    def put(self, record: Record, expected: Expected = ANYTHING) -> dict[str, Value]:
        """Inserts or replaces an item; the record as it is stored.

        Raises `ItemChanged` where something else than expected is stored, `UniqueValueTaken`.
        """
        item = from_record(self._table, entity_of(self._table, record), record)
        self._write({name: item[name] for name in self._table.key_names}, item, expected)
        return to_record(self._table, item)

    def update(self, key: Record, changes: Record) -> dict[str, Value]:
        """Changes some attributes, None removes one; the record as it is stored.

        What others change meanwhile is kept. Raises `NotFound`, `UniqueValueTaken`.
        """
        place = key_item(self._table, key)

        def decide(stored: Item | None) -> Item:
            return changed_item(self._table, place, stored, changes)

        written = self._writer.change(place, decide, self._writer.known)
        return to_record(self._table, written or {})

    def delete(self, key: Record, expected: Expected = ANYTHING) -> None:
        """Removes an item; one that is not there is no error, but for one that is expected.

        Raises `ItemChanged` where something else than expected is stored.
        """
        self._write(key_item(self._table, key), None, expected)

    def _write(self, key: Item, item: Item | None, expected: Expected) -> None:
        if isinstance(expected, Expectation):
            if self._table.unique:
                self._writer.change(key, lambda _: item, self._writer.claimed)
            else:
                self._writer.write(key, item)
            return
        old = None
        if expected is not None:
            old = from_record(self._table, entity_of(self._table, expected), expected)
        self._writer.write_expecting(key, item, old)

    def _claim(self, values: Record) -> tuple[str, Item]:
        for names in self._table.unique:
            if values.keys() == {*names}:
                found = {name: key_value(self._table, name, values[name]) for name in names}
                return claim_key(self._table.name, found), found
        together = " and ".join(values)
        raise InvalidRecord(self._table.name, together, "is not kept unique by the contract")

    def _projected(self, query: ContractQuery, item: Item) -> dict[str, Value]:
        if query.index is None or query.index.projection == "ALL":
            return to_record(self._table, item)
        return {name: python(value) for name, value in item.items()}
