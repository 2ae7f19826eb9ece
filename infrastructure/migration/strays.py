"""What the target holds and the source does not account for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote

from application.batched import batched
from infrastructure.dynamodb.gateway.batch import MAX_KEYS, batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.claim_keys import key_of_owner, owner_of
from infrastructure.migration.comparison import Difference, Kind
from infrastructure.migration.contract import ENTITY_TYPE, Columns, Contract, Entity, Table
from infrastructure.migration.conversion.typed import python
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.source.reader import SourceReader


class Strays:
    """Reads the whole target, a page at a time."""

    def __init__(
        self, contract: Contract, gateway: Gateway, physical: Callable[[str], str]
    ) -> None:
        self._contract = contract
        self._gateway = gateway
        self._physical = physical

    def count(self, table: Table) -> int:
        """How many items a table holds."""
        return sum(map(len, self._keys(table)))

    def items(self, table: Table, reader: SourceReader) -> Iterator[Difference]:
        """The items that no row of the source has made, as far as their keys tell their rows."""
        for page in self._keys(table):
            for item in page:
                if _is_stray(table, item, reader):
                    key = {name: item[name] for name in table.key_names}
                    yield Difference(Kind.EXTRA, table.name, key_text(key))

    def claims(self, claims_table: str) -> Iterator[Difference]:
        """The claims whose item is not there."""
        tables = {table.name: table for table in self._contract.tables}
        request = {"TableName": claims_table, "ConsistentRead": True}
        for page in pages(self._gateway, "Scan", request):
            owned: dict[str, list[Item]] = {}
            for claim in page:
                name = unquote(claim["pk"]["S"].partition("#")[0])
                if name in tables:
                    owned.setdefault(name, []).append(claim)
            for name, some in owned.items():
                yield from self._without_item(tables[name], some)

    def _keys(self, table: Table) -> Iterator[list[Item]]:
        names = [*table.key_names, ENTITY_TYPE]
        request = {
            "TableName": self._physical(table.name),
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(f"#n{n}" for n in range(len(names))),
            "ExpressionAttributeNames": {f"#n{n}": name for n, name in enumerate(names)},
        }
        return pages(self._gateway, "Scan", request)

    def _without_item(self, table: Table, claims: list[Item]) -> Iterator[Difference]:
        owners = {claim["owner"]["S"]: key_of_owner(table, claim["owner"]["S"]) for claim in claims}
        found: set[str] = set()
        for part in batched(list(owners.values()), MAX_KEYS):
            items = batch_get(self._gateway, self._physical(table.name), part)
            found |= {owner_of(table, item) for item in items}
        for claim in claims:
            if claim["owner"]["S"] not in found:
                names = claim["pk"]["S"].split("#")[1]
                held_by = claim.get("source", claim["owner"])["S"]
                yield Difference(Kind.STRAY_CLAIM, table.name, held_by, (unquote(names),))


def _is_stray(table: Table, item: Item, reader: SourceReader) -> bool:
    """Whether it is certain that no row has the key of this item."""
    rows = [_row_key(table, entity, item) for entity in _entities(table, item)]
    if any(row is None for row in rows):
        return False
    with source_failures():
        found = (
            reader.row(entity, row)
            for entity, row in zip(_entities(table, item), rows, strict=True)
            if row is not None
        )
        return all(each is None for each in found)


def _entities(table: Table, item: Item) -> list[Entity]:
    if ENTITY_TYPE not in item or len(table.entities) == 1:
        return list(table.entities)
    return [each for each in table.entities if each.name == item[ENTITY_TYPE]["S"]]


def _row_key(table: Table, entity: Entity, item: Item) -> dict[str, object] | None:
    """The columns that a key was made of, where they can be told."""
    columns: dict[str, object] = {}
    for name in table.key_names:
        attribute = entity.attribute(name)
        if attribute is None or attribute.transformation is not None:
            return None
        match attribute.source:
            case Columns(names=[column]):
                columns[column] = python(item[name])
            case _:
                return None
    return columns
