"""What the target holds and the source does not account for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from attrs import frozen

from application.batched import batched
from domain.errors import InvalidValue
from infrastructure.dynamodb.gateway.batch import MAX_KEYS, batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.claims.claim_keys import claim_keys, key_of_owner, owner_of
from infrastructure.migration.claims.claim_pass import with_key
from infrastructure.migration.contract import Contract, Entity, Table
from infrastructure.migration.conversion.columns import NotReversible
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.rows import RowRejected
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.row_keys import RowKeys
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.verification.difference import Difference, Kind

_READERS = 4
"""Rows that are looked for at once."""


class Strays:
    """Reads the whole target, a page at a time.

    `untold` counts by table the items whose keys do not tell their rows.
    """

    def __init__(
        self,
        contract: Contract,
        schema: SourceSchema,
        gateway: Gateway,
        physical: Callable[[str], str],
    ) -> None:
        self._contract = contract
        self._schema = schema
        self._gateway = gateway
        self._physical = physical
        self.untold = Counter[str]()

    def count(self, table: Table) -> int:
        """How many items a table holds."""
        return sum(map(len, self._keys(table)))

    def items(self, table: Table, reader: SourceReader) -> Iterator[Difference]:
        """The items that no row of the source has made, as far as their keys tell their rows."""
        rows = _Rows(table, RowKeys(table, self._schema), reader)
        with ThreadPoolExecutor(_READERS) as pool:
            for page in self._keys(table):
                for key, is_stray in zip(page, pool.map(rows.make_none, page), strict=True):
                    self.untold[table.name] += is_stray is None
                    if is_stray:
                        yield Difference(Kind.EXTRA, table.name, key_text(key), place=key)

    def claims(self, claims_table: str) -> Iterator[Difference]:
        """The claims whose item is not there, or has another value."""
        tables = {table.name: table for table in self._contract.tables}
        request = {"TableName": claims_table, "ConsistentRead": True}
        for page in pages(self._gateway, "Scan", request):
            owned: dict[str, list[Item]] = {}
            for claim in page:
                name = unquote(claim["pk"]["S"].partition("#")[0])
                if name in tables:
                    owned.setdefault(name, []).append(claim)
            for name, some in owned.items():
                yield from self._unfounded(tables[name], some)

    def _keys(self, table: Table) -> Iterator[list[Item]]:
        names = table.key_names
        request = {
            "TableName": self._physical(table.name),
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(f"#n{n}" for n in range(len(names))),
            "ExpressionAttributeNames": {f"#n{n}": name for n, name in enumerate(names)},
        }
        return pages(self._gateway, "Scan", request)

    def _unfounded(self, table: Table, claims: list[Item]) -> Iterator[Difference]:
        owners = {claim["owner"]["S"]: key_of_owner(table, claim["owner"]["S"]) for claim in claims}
        founded: set[tuple[str, str]] = set()
        for part in batched(list(owners.values()), MAX_KEYS):
            for item in batch_get(self._gateway, self._physical(table.name), part):
                owner = owner_of(table, item)
                founded |= {(owner, claim) for claim in claim_keys(with_key(table), item)}
        for claim in claims:
            place, owner = claim["pk"]["S"], claim["owner"]["S"]
            if (owner, place) not in founded:
                names = tuple(filter(None, [unquote(place.split("#")[1])]))
                held_by = claim.get("source", claim["owner"])["S"]
                yield Difference(
                    Kind.STRAY_CLAIM,
                    table.name,
                    held_by,
                    names,
                    place=owners[owner],
                    claim=place,
                )


@frozen
class _Rows:
    """The rows of a table, by the keys of the items that they become."""

    table: Table
    keys: RowKeys
    reader: SourceReader

    def make_none(self, key: Item) -> bool | None:
        """Whether no row becomes the item of this key. None where the key does not tell its row."""
        try:
            rows = list(self.keys.rows_of(key))
        except (InvalidValue, NotReversible):
            return None
        with source_failures():
            return not any(self._makes(entity, columns, key) for entity, columns in rows)

    def _makes(self, entity: Entity, columns: Mapping[str, object], key: Item) -> bool:
        row = self.reader.row(entity, columns)
        if row is None:
            return False
        try:
            item = to_item(self.table, entity, row)
        except RowRejected:
            return False
        return all(item[name] == value for name, value in key.items())
