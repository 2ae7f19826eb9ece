"""The state and its message are written together, wherever a process dies or an answer is lost."""

from __future__ import annotations

import multiprocessing
import signal
from typing import Any

import pytest
from attrs import frozen

from application.errors import CommitOutcomeUnknown, StorageError
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from tests.faults import dying
from tests.faults.faulty_client import (
    Fault,
    answer_lost,
    connection_reset,
    contended,
    not_connected,
    refused,
    request_lost,
)
from tests.promised_tables import create_promised
from tests.stores import Store, client_of, dynamodb_store

FORKED = multiprocessing.get_context("forkserver")
"""Makes processes of one that has imported what they need, which takes longer than what they do."""
FORKED.set_forkserver_preload([dying.__name__])

ATTEMPTS = 4
WRITTEN = {
    "register_person": ["claim", "message PersonRegistered", "person"],
    "place_parcel": ["event ParcelPlaced", "message ParcelPlaced"],
}
"""What each commit writes."""

pytestmark = pytest.mark.usefixtures("shared_clients")

commits = pytest.mark.parametrize("commit", sorted(dying.COMMITS))


@frozen
class Tables:
    """Tables of their own on one engine, and who commits there."""

    engine: LocalEngine
    store: Store

    @property
    def prefix(self) -> str:
        assert isinstance(self.store.provider, DynamoDBProvider)
        return self.store.provider.tables.prefix

    def written(self) -> list[list[str]]:
        """What is stored, by the commit whose id it bears."""
        found: dict[str, list[str]] = {}
        for table in ("people", "events", "outbox"):
            request = {"TableName": self.store.table(table), "ConsistentRead": True}
            for item in self.store.gateway.call("Scan", request)["Items"]:
                commit_id, kind = described(table, item)
                found.setdefault(commit_id, []).append(kind)
        return [sorted(kinds) for kinds in found.values()]

    def run_until(self, commit: str, moment: int) -> bool:
        """Commits in a process that is killed at a moment; whether it got to its end before."""
        create_promised(client_of(self.engine.endpoint_url), self.prefix)
        process = FORKED.Process(
            target=dying.commit_until, args=(self.engine.endpoint_url, self.prefix, commit, moment)
        )
        process.start()
        process.join(60)
        assert process.exitcode in {0, -signal.SIGKILL}
        return process.exitcode == 0


def described(table: str, item: dict[str, Any]) -> tuple[str, str]:
    """The commit that wrote an item, and what it is."""
    if table == "people":
        (commit_id,) = (commit["S"] for commit in item["commits"]["L"])
        return commit_id, "person" if "email" in item else "claim"
    kind = {"events": "event", "outbox": "message"}[table]
    return item["commitId"]["S"], f"{kind} {(item.get('eventType') or item['messageType'])['S']}"


@pytest.fixture
def tables(engine: LocalEngine) -> Tables:
    """Empty tables on every real engine in turn."""
    return Tables(engine, dynamodb_store(engine.name, client_of(engine.endpoint_url)))


@commits
def test_a_process_killed_at_any_request_leaves_state_and_message_or_neither(
    tables: Tables, commit: str
) -> None:
    stored: list[int] = []
    is_over = False
    while not is_over:
        is_over = tables.run_until(commit, moment=len(stored))
        written = tables.written()
        assert written == [WRITTEN[commit]] * len(written)
        stored.append(len(written))
    # Killed before its one request, after the answer, and not at all.
    assert stored == [0, 1, 2]


@commits
def test_one_request_writes_the_state_and_its_message(tables: Tables, commit: str) -> None:
    container, client = dying.service(tables.engine.endpoint_url, tables.prefix)
    dying.COMMITS[commit](container)
    ((operation, request),) = client.sent
    assert operation == "transact_write_items"
    puts = [(kind, put) for action in request["TransactItems"] for kind, put in action.items()]
    assert {kind for kind, _ in puts} == {"Put"}
    assert all("ConditionExpression" in put for _, put in puts)
    sent = [described(put["TableName"].removeprefix(tables.prefix), put["Item"]) for _, put in puts]
    assert {commit_id for commit_id, _ in sent} == {request["ClientRequestToken"]}
    assert sorted(kind for _, kind in sent) == WRITTEN[commit]
    assert tables.written() == [WRITTEN[commit]]


@commits
@pytest.mark.parametrize(
    "fault",
    [
        answer_lost,
        connection_reset,
        request_lost,
        not_connected,
        contended,
        refused("InternalServerError", 500),
    ],
)
@pytest.mark.parametrize("failures", [1, ATTEMPTS])
def test_an_error_at_any_attempt_leaves_state_and_message_once_or_neither(
    tables: Tables, commit: str, fault: Fault, failures: int
) -> None:
    container, client = dying.service(
        tables.engine.endpoint_url, tables.prefix, *[fault] * failures
    )
    is_applied = fault in {answer_lost, connection_reset}
    if failures < ATTEMPTS:
        dying.COMMITS[commit](container)
        is_applied = True
    else:
        is_in_doubt = fault not in {not_connected, contended}
        with pytest.raises(CommitOutcomeUnknown if is_in_doubt else StorageError):
            dying.COMMITS[commit](container)
    assert len(client.sent) == min(failures + 1, ATTEMPTS)
    assert tables.written() == [WRITTEN[commit]] * is_applied
