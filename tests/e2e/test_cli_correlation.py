"""What a command does has an id of its own, by which it can be followed."""

from __future__ import annotations

import re

import pytest
from attrs import define, field

from api.cli import seed
from api.cli.working import until_stopped
from api.container import Container
from application.event_context import current_event_context, event_context
from application.ports.event_store import EventMetadata
from infrastructure.system.logs import FAILURES_ARE_SHOWN
from tests.commands import Cli
from tests.e2e.clients import in_memory

MADE = re.compile(r"[0-9a-f-]{36}")


def published(container: Container) -> list[str | None]:
    """The ids of the messages that were pending."""
    container.polling_relay().run_once()
    return [message.correlation_id for message in container.memory_publisher().published]


@in_memory
def test_all_that_a_command_writes_bears_one_id(
    container: Container, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = container.memory_publisher()
    container.publishers.override({"users": publisher})
    monkeypatch.setattr(seed, "start", lambda _: container)

    assert cli("seed").exit_code == 0

    ids = published(container)
    assert len(ids) > 1
    assert len(set(ids)) == 1
    assert MADE.fullmatch(str(ids[0]))


def test_nothing_of_it_is_left_behind(cli: Cli) -> None:
    cli("outbox", "stats")

    assert current_event_context() == EventMetadata()
    assert not FAILURES_ARE_SHOWN.get()


@define
class Worker:
    """Notes in which context it works."""

    seen: list[str | None] = field(factory=list)
    is_late: bool = False

    def work(self) -> None:
        self.seen.append(current_event_context().correlation_id)

    def stop(self) -> None:
        pass


def test_work_in_a_thread_of_the_command_bears_it_too() -> None:
    worker = Worker()
    with event_context(EventMetadata(correlation_id="command-1")):
        until_stopped(worker, worker.work, 10)

    assert worker.seen == ["command-1"]
