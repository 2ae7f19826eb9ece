"""The tables of a move: its switches and its journal."""

from __future__ import annotations

from datetime import timedelta

from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.models import JOURNAL, PHASES, phase_schemas
from infrastructure.migration.phases.switch import SwitchTable
from tests.promised_tables import promise
from tests.stores import Store

TABLE = "people"
KEY = {"pk": {"S": "PERSON#1"}}
LEASE = timedelta(seconds=1)


def switches_on(store: Store) -> SwitchTable:
    """The switches in a table of the store's own."""
    _promise(store)
    return SwitchTable(store.gateway, store.table(PHASES))


def journal_on(store: Store, lease: timedelta = LEASE) -> Journal:
    """The journal in a table of the store's own."""
    _promise(store)
    return Journal(
        gateway=store.gateway,
        name=store.table(JOURNAL),
        clock=store.clock,
        ids=store.ids,
        lease=lease,
        sleep=store.gateway.retry.sleep,
    )


def _promise(store: Store) -> None:
    assert isinstance(store.provider, DynamoDBProvider)
    promise(phase_schemas(store.provider.tables))
