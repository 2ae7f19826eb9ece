"""Queries of a contract's table or one of its indexes, and the cursors that go on with them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
from attrs import frozen

from domain.errors import InvalidValue
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.claims.claim_keys import canonical, text_value
from infrastructure.migration.contract import Index, Table
from infrastructure.migration.conversion.records import InvalidRecord, Record
from infrastructure.migration.conversion.typed import Value, typed
from infrastructure.migration.models import key_type
from infrastructure.migration.unfit import Unfit


@frozen
class Equals:
    """The range key is this value."""

    value: Value


@frozen
class BeginsWith:
    """The range key, text or bytes, begins so."""

    start: str | bytes


@frozen
class Between:
    """The range key is one of these two or between them."""

    low: Value
    high: Value


RangeCondition = Equals | BeginsWith | Between

_TEMPLATES = {
    Equals: "#range = :range0",
    BeginsWith: "begins_with(#range, :range0)",
    Between: "#range BETWEEN :range0 AND :range1",
}


@frozen
class ContractQuery:
    """One query: what the hash key is, and optionally what the range key is like.

    Its cursors are opaque and of no use to another query, whose values are others.
    """

    table: Table
    index: Index | None
    hash_value: Typed
    range_kind: type[RangeCondition] | None = None
    range_values: tuple[Typed, ...] = ()
    descending: bool = False

    def request(self, name: str) -> dict[str, Any]:
        """The request of `Query`, for the table of this physical name."""
        keyed = self.index or self.table
        request: dict[str, Any] = {
            "TableName": name,
            "KeyConditionExpression": "#hash = :hash",
            "ExpressionAttributeNames": {"#hash": keyed.hash_key},
            "ExpressionAttributeValues": {":hash": self.hash_value},
            "ScanIndexForward": not self.descending,
        }
        if self.index is None:
            request["ConsistentRead"] = True
        else:
            request["IndexName"] = self.index.name
        if self.range_kind is not None:
            request["KeyConditionExpression"] += f" AND {_TEMPLATES[self.range_kind]}"
            request["ExpressionAttributeNames"]["#range"] = keyed.range_key
            values = {f":range{n}": value for n, value in enumerate(self.range_values)}
            request["ExpressionAttributeValues"] |= values
        return request

    def cursor(self, last: Item) -> str:
        """The cursor that goes on after this key."""
        key = {name: canonical(value) for name, value in last.items()}
        return base64.urlsafe_b64encode(orjson.dumps([self._digest(), key])).decode()

    def start(self, cursor: str) -> Item:
        """The key to go on after. Raises `InvalidValue` for what this query did not issue."""
        try:
            digest, key = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
            start = {name: text_value(text) for name, text in key.items()}
        except (binascii.Error, ValueError, TypeError, AttributeError) as error:
            raise InvalidValue("cursor", "was not issued by this query") from error
        if digest != self._digest():
            raise InvalidValue("cursor", "was not issued by this query")
        return start

    def _digest(self) -> str:
        kind = None if self.range_kind is None else self.range_kind.__name__
        values = [canonical(value) for value in (self.hash_value, *self.range_values)]
        index = None if self.index is None else self.index.name
        whole = orjson.dumps([self.table.name, index, self.descending, kind, values])
        return sha256(whole).hexdigest()[:16]


def contract_query(
    table: Table,
    values: Record,
    *,
    index: str | None = None,
    condition: RangeCondition | None = None,
    descending: bool = False,
) -> ContractQuery:
    """The query for these values of the key: the hash key's, and maybe the range key's.

    Raises `InvalidRecord` for other attributes and for values of another type, `InvalidValue` for
    an index that the contract does not have and for a condition where there is no range key.
    """
    found = None if index is None else _index(table, index)
    hash_key = (found or table).hash_key
    range_key = (found or table).range_key
    for name in values.keys() - {hash_key, range_key}:
        raise InvalidRecord(table.name, name, f"is no key of {index or 'the table'}")
    if hash_key not in values:
        raise InvalidRecord(table.name, hash_key, "is missing: it is the hash key")
    if range_key in values and range_key is not None:
        if condition is not None:
            raise InvalidValue("condition", f"is given beside a value of {range_key}")
        condition = Equals(values[range_key])
    if condition is not None and range_key is None:
        raise InvalidValue("condition", f"{index or table.name} has no range key")
    wanted = () if condition is None else _operands(condition)
    return ContractQuery(
        table,
        found,
        key_value(table, hash_key, values[hash_key]),
        None if condition is None else type(condition),
        tuple(key_value(table, str(range_key), value) for value in wanted),
        descending,
    )


def key_value(table: Table, name: str, value: Value) -> Typed:
    """A key's value as it is stored. Raises `InvalidRecord` where it is of another type."""
    kind = key_type(table, name)
    try:
        found = typed(value)
    except Unfit as error:
        raise InvalidRecord(table.name, name, str(error)) from error
    if kind not in found:
        raise InvalidRecord(table.name, name, f"must be of type {kind}, not {next(iter(found))}")
    return found


def _index(table: Table, name: str) -> Index:
    for each in table.indexes:
        if each.name == name:
            return each
    raise InvalidValue("index", f"{table.name} has no index {name}")


def _operands(condition: RangeCondition) -> Sequence[Value]:
    match condition:
        case Equals(value):
            return (value,)
        case BeginsWith(start):
            return (start,)
        case Between(low, high):
            return (low, high)
