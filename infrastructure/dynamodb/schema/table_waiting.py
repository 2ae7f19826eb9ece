"""Tables and their indexes take their time: waits for them, but not for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from application.errors import ResourceMissing, TableNotReady
from application.ports.table_initializer import TableChange
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_schema import Description, indexes_at_work

POLL_SECONDS = 0.2
FILLING_POLL_SECONDS = 5.0

TOLD_EVERY = 30.0
"""Seconds after which it is told again that an index is still at work."""


@frozen
class TableWaiting:
    """Waits `patience` seconds for a table, and `filling_patience` for an index of one that is."""

    _gateway: Gateway
    _patience: float
    _filling_patience: float

    def describe(self, name: str) -> Description | None:
        """The table as it is now, None where there is none."""
        try:
            answer = self._gateway.call("DescribeTable", {"TableName": name})
        except ResourceMissing:
            return None
        table: Description = answer["Table"]
        return table

    def until(self, name: str, state: str | None) -> Description | None:
        """The table once it and its indexes are in this state; None waits until it is gone.

        Raises `TableNotReady`.
        """
        retry = self._gateway.retry
        until = retry.monotonic() + self._patience
        while True:
            table = self.describe(name)
            if _states(table) == ({state} if state else set()):
                return table
            if retry.monotonic() >= until:
                raise _not_ready(name, sorted(_states(table)), self._patience)
            retry.sleep(POLL_SECONDS)

    def until_filled(self, name: str, tell: Callable[[TableChange], None]) -> Description:
        """The table once no index of it is at work; `tell` hears of those that are.

        Raises `TableNotReady`.
        """
        retry = self._gateway.retry
        begun = retry.monotonic()
        next_told = 0.0
        while True:
            table = self.describe(name)
            if table is not None and _states(table) == {"ACTIVE"}:
                return table
            waited, at_work = retry.monotonic() - begun, indexes_at_work(table or {})
            patience = self._filling_patience if at_work else self._patience
            if waited >= patience:
                raise _not_ready(name, at_work or sorted(_states(table)), patience)
            if waited >= next_told:
                next_told = waited + TOLD_EVERY
                for each in at_work:
                    tell(TableChange(name, f"{each} ({waited:.0f} s)", is_done=False))
            retry.sleep(min(FILLING_POLL_SECONDS, POLL_SECONDS + waited / 10))


def _not_ready(name: str, found: Sequence[str], patience: float) -> TableNotReady:
    return TableNotReady(
        operation="DescribeTable", table=name, detail=f"{', '.join(found)} after {patience:.0f} s"
    )


def _states(table: Description | None) -> set[str]:
    if table is None:
        return set()
    indexes = table.get("GlobalSecondaryIndexes", ())
    return {table["TableStatus"], *(index["IndexStatus"] for index in indexes)}
