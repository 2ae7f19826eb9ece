"""Subscriptions to events, as the fault matrix calls them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any

from attrs import evolve

from application.ports.subscriptions import Start
from domain.consistency import Loaded
from infrastructure.subscriptions.change_reader import Wait
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import RETURNED, Told, UseCase
from tests.faults.use_cases.streams import STREAM, lines, two_events


def stop_when_idle(stopping: Event, seconds: float) -> None:
    stopping.set()


@contextmanager
def subscribed(service: Service, wait: Wait = stop_when_idle) -> Iterator[Any]:
    subscriptions = evolve(service.container.subscriptions(), wait=wait)
    with subscriptions.subscribe("mailer", Start.CHECKPOINT) as subscription:
        yield subscription


def given(service: Service) -> list[tuple[str, int]]:
    with subscribed(service) as subscription:
        return [(event.stream.id, event.version) for event in subscription]


def subscribe(service: Service, _: object) -> object:
    return given(service)


def two_events_now(service: Service) -> None:
    service.time.start_now()
    two_events(service)


def after_the_first(service: Service) -> None:
    """Some events were dealt with, and another one came since."""
    two_events_now(service)
    given(service)
    service.container.event_store().append(STREAM, lines("c"), Loaded(2))


def goes_on(service: Service, _: object, told: Told) -> None:
    """Whoever subscribes later is given what was not dealt with, and the next event."""
    with service.undisturbed():
        service.time.turn(600)
        events = service.container.event_store()
        version = events.version(STREAM).version
        events.append(STREAM, lines("later"), Loaded(version))
        rest = given(service)
    expected = [(STREAM.id, n) for n in range(1, version + 2)]
    assert rest == expected[-len(rest) :], rest
    if told.how == RETURNED:
        assert len(rest) == 1, f"given again: {rest}"


of_subscription = partial(
    UseCase,
    name="subscriptions.subscribe",
    check=goes_on,
    is_prepared_anew=True,
    renewed=("events", "checkpoints"),
)

SUBSCRIPTIONS = (
    of_subscription(case="for the first time", prepare=two_events_now, run=subscribe),
    of_subscription(case="from a checkpoint", prepare=after_the_first, run=subscribe),
)
