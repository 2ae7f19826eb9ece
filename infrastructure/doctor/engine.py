"""Whether the engine keeps what a commit with a known outcome rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from attrs import frozen

from application.errors import AccessDenied, RequestRejected
from infrastructure.doctor.finding import Finding, Level
from infrastructure.dynamodb.gateway.errors import TokenUsed, TransactionCancelled
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.schema.table_schema import TableSchema

_ANOTHER = "use an engine that has this, such as AWS or MiniStack: set DYNASTRATA_ENDPOINT_URL"
_OLD_ITEMS = "engine: items of refused writes"
_PROBE: Mapping[str, Any] = {"S": "doctor", "N": "0", "B": b"doctor"}
"""A value for a key of each type, at which no item is."""


@frozen
class _Probe:
    """A place in a table, and conditions on what is there."""

    table: str
    key: Item

    def check(self, condition: str) -> dict[str, Any]:
        """An action that changes nothing, of one condition on the first attribute of the key."""
        check = {
            "TableName": self.table,
            "Key": self.key,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#key": next(iter(self.key))},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return {"ConditionCheck": check}


@frozen
class EngineCheck:
    """Sends transactions that only check conditions: a few write units, and nothing is written.

    Only an engine that rejects them lacks them: other errors are told as those of any request.
    """

    gateway: Gateway
    schemas: Sequence[TableSchema]

    def run(self) -> Iterator[Finding]:
        """What the engine can do, seen on tables that are there."""
        if not self.schemas:
            yield Finding(
                "engine", Level.WARNING, "not looked at, as no table is there", "run this again"
            )
            return
        token = uuid4().hex
        transactions = self._transactions(token)
        yield transactions
        if transactions.level is Level.OK:
            yield self._tokens(token)
            yield self._old_items()

    def _transactions(self, token: str) -> Finding:
        name = "engine: transactions"
        try:
            self._send([self._absent.check("attribute_not_exists(#key)")], token)
        except AccessDenied as denied:
            return Finding(name, Level.FAULT, str(denied), "permit dynamodb:ConditionCheckItem")
        except RequestRejected as error:
            return Finding(
                name,
                Level.FAULT,
                f"{error}: claims, messages and tagged events cannot be committed",
                _ANOTHER,
            )
        return Finding(name, Level.OK, "they are there")

    def _tokens(self, token: str) -> Finding:
        name = "engine: request tokens"
        other = "attribute_exists(#key) OR attribute_not_exists(#key)"
        try:
            self._send([self._absent.check(other)], token)
        except TokenUsed:
            return Finding(name, Level.OK, "one belongs to one transaction")
        except RequestRejected as error:
            return Finding(name, Level.FAULT, str(error), _ANOTHER)
        found = "not kept: a commit whose answer is lost could be applied twice"
        return Finding(name, Level.FAULT, found, _ANOTHER)

    def _old_items(self) -> Finding:
        try:
            present = self._present()
        except AccessDenied as denied:
            return Finding(_OLD_ITEMS, Level.WARNING, str(denied), "permit dynamodb:Scan to see it")
        if present is None:
            found = "not looked at, as nothing is stored yet"
            return Finding(_OLD_ITEMS, Level.WARNING, found, "run this again later")
        return self._refused_at(present)

    def _refused_at(self, present: _Probe) -> Finding:
        try:
            self._send([present.check("attribute_not_exists(#key)")], uuid4().hex)
        except TransactionCancelled as refused:
            if all(reason.old for reason in refused.cancellation):
                return Finding(_OLD_ITEMS, Level.OK, "they come with the refusal")
            found = "they do not come: after a lost answer the outcome stays unknown"
            return Finding(_OLD_ITEMS, Level.FAULT, found, _ANOTHER)
        found = "not looked at, as the item was removed meanwhile"
        return Finding(_OLD_ITEMS, Level.WARNING, found, "run this again")

    @property
    def _absent(self) -> _Probe:
        schema = self.schemas[0]
        key = {name: {kind: _PROBE[kind]} for name, kind in schema.key_types.items()}
        return _Probe(schema.name, key)

    def _present(self) -> _Probe | None:
        """An item that is stored, in whichever table."""
        for schema in self.schemas:
            request = {"TableName": schema.name, "Limit": 1}
            for item in self.gateway.call("Scan", request).get("Items", ()):
                return _Probe(schema.name, {name: item[name] for name in schema.key_types})
        return None

    def _send(self, actions: Sequence[Mapping[str, Any]], token: str) -> None:
        request = {"TransactItems": actions, "ClientRequestToken": token}
        self.gateway.call("TransactWriteItems", request)
