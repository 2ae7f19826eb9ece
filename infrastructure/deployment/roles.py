"""What each role asks of AWS. The tests compare it with the requests that the code sends."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from infrastructure.deployment.role import Role
from infrastructure.events.snapshots import SNAPSHOTS
from infrastructure.events.streams import EVENTS
from infrastructure.migration.names import CLAIMS, JOURNAL, PHASES
from infrastructure.outbox.inbox import INBOX
from infrastructure.outbox.table import OUTBOX
from infrastructure.projections.table import PROJECTION_STATES
from infrastructure.subscriptions.leases import CHECKPOINTS
from infrastructure.system.failure_windows import FAILURES
from infrastructure.tagged_events.table import TAGGED_EVENTS, TAGS


def _actions(text: str) -> frozenset[str]:
    return frozenset(text.split())


@frozen(kw_only=True)
class TableUse:
    """What is done to one table, to each of its indexes, and whether its stream is followed.

    Actions are those of IAM for DynamoDB. What is done in a transaction needs the permission to do
    it alone. A commit whose answer was lost is settled by `ConditionCheckItem` and `GetItem`.
    """

    actions: frozenset[str] = field(default="", converter=_actions)
    index_actions: frozenset[str] = field(default="", converter=_actions)
    has_stream: bool = False


@frozen(kw_only=True)
class Permissions:
    """What a role may do: to tables by logical name, to those of aggregates, and to blobs.

    `sees_tables`: it may look whether every table is as the code wants it. `publishes`: it may send
    messages to their destinations. `contract`: what it may do to the tables of a contract.
    """

    tables: Mapping[str, TableUse]
    aggregates: TableUse = field(factory=TableUse)
    contract: TableUse = field(factory=TableUse)
    sees_tables: bool = False
    blobs: frozenset[str] = field(default="", converter=_actions)
    publishes: bool = False


_APPLICATION = Permissions(
    aggregates=TableUse(
        actions="BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem", index_actions="Query"
    ),
    tables={
        EVENTS: TableUse(actions="ConditionCheckItem GetItem PutItem Query"),
        SNAPSHOTS: TableUse(actions="GetItem PutItem"),
        OUTBOX: TableUse(actions="BatchGetItem ConditionCheckItem GetItem PutItem"),
        INBOX: TableUse(actions="ConditionCheckItem GetItem PutItem"),
        FAILURES: TableUse(actions="GetItem UpdateItem"),
        TAGGED_EVENTS: TableUse(
            actions="BatchGetItem ConditionCheckItem GetItem PutItem", index_actions="Query"
        ),
        TAGS: TableUse(
            actions="BatchGetItem ConditionCheckItem GetItem PutItem Query UpdateItem",
            index_actions="Query",
        ),
        PROJECTION_STATES: TableUse(actions="GetItem"),
    },
    sees_tables=True,
    blobs="GetObject ListBucket PutObject",
)

_RELAY = Permissions(
    tables={
        OUTBOX: TableUse(
            actions="BatchGetItem BatchWriteItem ConditionCheckItem DescribeTable GetItem Query "
            "Scan UpdateItem",
            index_actions="Query",
            has_stream=True,
        ),
        CHECKPOINTS: TableUse(actions="UpdateItem"),
    },
    publishes=True,
)

_PROJECTOR = Permissions(
    tables={
        EVENTS: TableUse(actions="DescribeTable Query Scan", has_stream=True),
        TAGGED_EVENTS: TableUse(
            actions="DescribeTable GetItem", index_actions="Query", has_stream=True
        ),
        CHECKPOINTS: TableUse(actions="UpdateItem"),
        PROJECTION_STATES: TableUse(actions="GetItem PutItem Query Scan UpdateItem"),
    },
    blobs="DeleteObject DeleteObjectVersion GetObject ListBucket PutObject",
)

_READ_ONLY = Permissions(
    tables={
        EVENTS: TableUse(actions="Query"),
        OUTBOX: TableUse(actions="BatchGetItem Scan", index_actions="Query"),
        PROJECTION_STATES: TableUse(actions="Query Scan"),
    },
    sees_tables=True,
    blobs="GetObject ListBucket",
)

_MIGRATION = Permissions(
    contract=TableUse(
        actions="BatchGetItem BatchWriteItem CreateTable DeleteItem DescribeTable GetItem PutItem "
        "Scan"
    ),
    tables={
        CLAIMS: TableUse(
            actions="BatchGetItem CreateTable DeleteItem DescribeTable GetItem PutItem Scan"
        ),
        PHASES: TableUse(actions="CreateTable DescribeTable GetItem PutItem"),
        JOURNAL: TableUse(
            actions="ConditionCheckItem CreateTable DeleteItem DescribeTable GetItem Scan "
            "UpdateItem"
        ),
    },
)

_CONTRACT_APPLICATION = Permissions(
    contract=TableUse(
        actions="ConditionCheckItem DeleteItem GetItem PutItem Query", index_actions="Query"
    ),
    tables={
        CLAIMS: TableUse(actions="DeleteItem GetItem PutItem"),
        PHASES: TableUse(actions="GetItem"),
        JOURNAL: TableUse(actions="ConditionCheckItem DeleteItem GetItem UpdateItem"),
    },
)

PERMISSIONS: Mapping[Role, Permissions] = {
    Role.APPLICATION: _APPLICATION,
    Role.RELAY: _RELAY,
    Role.PROJECTOR: _PROJECTOR,
    Role.READ_ONLY: _READ_ONLY,
    Role.MIGRATION: _MIGRATION,
    Role.CONTRACT_APPLICATION: _CONTRACT_APPLICATION,
}
"""What each role may do."""
