"""The switch of a table: outside the processes, read by each of them every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from attrs import frozen
from typing_extensions import override

from domain.errors import Conflict
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.migration.phases.phase import Phase, Switch

MAX_AGE = 5.0
"""Seconds for which a process believes what it read of a switch."""


@frozen
class SwitchTable:
    """The switches of all tables. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    def read(self, table: str) -> Switch:
        """What a table's switch says; source-only where it was never set."""
        request = {"TableName": self._name, "Key": _key(table), "ConsistentRead": True}
        return _switch(self._gateway.call("GetItem", request).get("Item"))

    def begin(self, table: str, seen: Switch, to: Phase) -> Switch:
        """Begins a step from what was seen. Raises `NoSuchStep` and `SwitchMoved`."""
        seen.check_step(table, to)
        return self._write(table, seen, Switch(to, seen.phase, seen.number + 1))

    def settle(self, table: str, seen: Switch) -> Switch:
        """Ends the step that is under way. Raises `SwitchMoved`."""
        return self._write(table, seen, Switch(seen.phase, None, seen.number + 1))

    def _write(self, table: str, seen: Switch, then: Switch) -> Switch:
        request = {
            "TableName": self._name,
            "Item": {**_key(table), **_item(then)},
            "ConditionExpression": "#number = :seen",
            "ExpressionAttributeNames": {"#number": "number"},
            "ExpressionAttributeValues": {":seen": {"N": str(seen.number)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if seen.number == 0:
            request["ConditionExpression"] = "attribute_not_exists(#number)"
            del request["ExpressionAttributeValues"]
        try:
            self._gateway.call("PutItem", request)
        except ConditionFailed as refused:
            # Sent again after a lost answer it meets what it wrote itself.
            if not (refused.maybe_applied and _switch(refused.old) == then):
                raise SwitchMoved(table) from refused
        return then


@frozen
class SwitchMoved(Conflict):
    """Somebody else has moved the switch meanwhile."""

    table: str

    @override
    def __str__(self) -> str:
        return f"the switch of {self.table} was moved meanwhile: look at it again"


class SeenSwitch:
    """One table's switch as this process sees it, at most `max_age` seconds old.

    For any number of threads: one of them reads, the others wait for it.
    """

    def __init__(
        self,
        switches: SwitchTable,
        table: str,
        monotonic: Callable[[], float],
        max_age: float = MAX_AGE,
    ) -> None:
        self._switches = switches
        self._table = table
        self._monotonic = monotonic
        self._max_age = max_age
        self._lock = Lock()
        self._seen: tuple[float, Switch] | None = None

    def now(self) -> Switch:
        """What the switch says, or said not longer ago than that. Raises `StorageError`."""
        with self._lock:
            if self._seen is None or self._monotonic() - self._seen[0] >= self._max_age:
                asked = self._monotonic()  # its age counts from before it was asked for
                self._seen = (asked, self._switches.read(self._table))
            return self._seen[1]


def _key(table: str) -> Item:
    return {"pk": {"S": table}}


def _item(switch: Switch) -> Item:
    item = {"phase": {"S": switch.phase.value}, "number": {"N": str(switch.number)}}
    return item if switch.previous is None else item | {"previous": {"S": switch.previous.value}}


def _switch(item: Item | None) -> Switch:
    if item is None:
        return Switch()
    previous = Phase(item["previous"]["S"]) if "previous" in item else None
    return Switch(Phase(item["phase"]["S"]), previous, int(item["number"]["N"]))
