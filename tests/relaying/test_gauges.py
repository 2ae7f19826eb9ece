"""What a relay tells of the outbox while it works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application.errors import Unreachable
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.settings.settings import Settings
from infrastructure.telemetry import names
from tests.outboxes import message
from tests.relaying.conftest import Service, serve
from tests.telemetry import Told


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def service(told: Told) -> Service:
    service = serve(Settings(environment="test"))
    service.container.telemetry.override(told.telemetry)
    return service


def add(service: Service, *names_: str) -> None:
    for name in names_:
        ordering_key, _, id_ = name.partition("/")
        added = evolve(message(id_, ordering_key), created_at=service.clock.now())
        service.container.outbox().add(added)


def gauges(told: Told) -> tuple[list[float], list[float]]:
    found = told.metrics()
    pending, oldest = (found.get(n, []) for n in (names.OUTBOX_PENDING, names.OUTBOX_OLDEST_AGE))
    return [point.value for point in pending], [point.value for point in oldest]


def test_a_pass_tells_how_many_were_pending_and_how_old_the_oldest_was(
    service: Service, told: Told
) -> None:
    add(service, "ada/1")
    service.clock.moment += timedelta(seconds=90)
    add(service, "ada/2", "bob/1")
    service.clock.moment += timedelta(seconds=10)

    service.container.polling_relay().run_once()

    assert gauges(told) == ([3], [100.0])


def test_where_nothing_is_pending_both_are_zero(service: Service, told: Told) -> None:
    add(service, "ada/1")
    service.container.polling_relay().run_once()
    service.container.polling_relay().run_once()

    assert gauges(told) == ([0], [0.0])


def test_a_pass_that_ends_early_tells_what_it_saw(service: Service, told: Told) -> None:
    add(service, "ada/1", "bob/1")
    asked = iter([False, True, True])

    service.container.polling_relay().run_once(lambda: next(asked, True))

    assert gauges(told)[0] == [2]


def test_a_pass_that_fails_tells_nothing(service: Service, told: Told) -> None:
    class Failing:
        def pending_pages(self) -> Any:
            raise Unreachable(operation="Query")

    queue: TableRelayQueue = service.container.relay_queue()
    with pytest.raises(Unreachable):
        list(evolve(queue, table=Failing()).pending())  # type: ignore[arg-type]  # all it asks

    assert gauges(told) == ([], [])
