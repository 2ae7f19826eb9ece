"""Two small tables to look at, and what is found of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from attrs import frozen

from infrastructure.doctor.finding import Doctor, Finding, Level
from infrastructure.doctor.store import StoreCheck
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.metering import Meter


@frozen
class ShiftedClock:
    """The clock of this machine, set ahead."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Looked:
    """A store with an outbox, which has an index, a stream and a time-to-live, and an inbox."""

    def __init__(self, client: Client, prefix: str | None = None) -> None:
        self.prefix = prefix or f"test-{uuid4().hex}-"
        self.client = client
        self.gateway = Gateway(client, Meter(), RetryPolicy(attempts=1))
        self.schemas = [
            TableSchema(OutboxModel, self.table("outbox")),
            TableSchema(InboxModel, self.table("inbox")),
        ]
        self.initializer = DynamoDBTableInitializer(self.gateway, self.schemas, Capacity())

    def table(self, logical: str) -> str:
        return f"{self.prefix}{logical}"

    def through(self, client: Client) -> Looked:
        """The same tables by another client."""
        return Looked(client, self.prefix)

    def findings(self, clock: ShiftedClock | None = None) -> dict[str, Finding]:
        """By what was looked at."""
        check = StoreCheck(
            gateway=self.gateway,
            schemas=self.schemas,
            initializer=self.initializer,
            clock=clock or ShiftedClock(),
            place="here",
        )
        return {finding.check: finding for finding in Doctor((check,)).examine()}

    def faults(self, clock: ShiftedClock | None = None) -> dict[str, Finding]:
        found = self.findings(clock)
        return {name: finding for name, finding in found.items() if finding.level is Level.FAULT}
