"""Whether the store answers, what its clock says, and whether its tables are as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from attrs import frozen

from application.errors import AccessDenied, ResourceMissing
from application.ports.clock import Clock
from application.ports.table_initializer import TableInitializer, TableStatus
from infrastructure.doctor.engine import EngineCheck
from infrastructure.doctor.finding import Check, Finding, Level
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.schema.table_schema import TableSchema

MAX_SKEW = timedelta(seconds=1)
"""How far clocks may differ: relays leave so much of a lease unused. See the guide to clocks."""

_RESOLUTION = timedelta(seconds=1)
"""The header `Date` is in whole seconds, cut down."""

_CREATE = (
    "deploy the stack that makes it, or where there is none dynastrata tables create; or correct "
    "DYNASTRATA_TABLE_PREFIX or DYNASTRATA_REGION"
)

_MEND = (
    "where no stack makes it, dynastrata tables create --update-existing adds indexes, streams and "
    "time-to-live that are missing; an index that differs has to be deleted first; keys cannot be "
    "changed, only copied into another table"
)


@frozen(kw_only=True)
class StoreCheck(Check):
    """The store at `place`, as it is called in what is found. The engine is looked at last."""

    gateway: Gateway
    schemas: Sequence[TableSchema]
    initializer: TableInitializer
    clock: Clock
    place: str
    name: str = "store"

    def run(self) -> Iterator[Finding]:
        """See `Check`. Nothing else is looked at where the first request is refused."""
        yield from self._connection()
        tables = self.initializer.status()
        yield from map(_table, tables)
        active = {table.name for table in tables if table.state == "ACTIVE"}
        yield from EngineCheck(self.gateway, [s for s in self.schemas if s.name in active]).run()

    def _connection(self) -> Iterator[Finding]:
        before, denied = self.clock.now(), None
        try:
            request = {"TableName": self.schemas[0].name}
            answer = self.gateway.call("DescribeTable", request)
        except (AccessDenied, ResourceMissing) as error:
            # An answer as well, and it has a date: a wrong clock is why signatures are refused.
            answer = getattr(error.__cause__, "response", {})
            denied = error if isinstance(error, AccessDenied) else None
        clock = _clock(answer, before, self.clock.now())
        if denied is None:
            yield Finding(self.name, Level.OK, f"{self.place} answers and takes the credentials")
            yield clock
            return
        if clock.level is Level.FAULT:
            yield clock
        raise denied


def _clock(answer: Mapping[str, Any], before: datetime, after: datetime) -> Finding:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if date is None:
        return Finding("clock", Level.WARNING, "the store does not tell its time")
    try:
        told = parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return Finding("clock", Level.WARNING, f"the store tells no time: {date!r}")
    behind, ahead = told - after, before - (told + _RESOLUTION)
    skew = max(behind, ahead)
    if skew <= MAX_SKEW:
        return Finding("clock", Level.OK, "it is within a second of the store's clock")
    way = "behind" if behind > ahead else "ahead"
    return Finding(
        "clock",
        Level.FAULT,
        f"it is {skew.total_seconds():.0f} seconds {way} of the store's clock",
        "let a time service keep the clock of this machine: leases are shorter or longer by as "
        "much, and from five minutes on AWS refuses every signature",
    )


def _table(table: TableStatus) -> Finding:
    name = f"table {table.name}"
    if table.state == "MISSING":
        return Finding(name, Level.FAULT, "it is missing", _CREATE)
    if table.state != "ACTIVE":
        return Finding(name, Level.WARNING, f"it is {table.state}", "wait until it is ACTIVE")
    if table.drift:
        return Finding(name, Level.FAULT, "; ".join(table.drift), _MEND)
    return Finding(name, Level.OK, "it is as it should be")
