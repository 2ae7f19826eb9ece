"""What is left alone is told by a gauge."""

from __future__ import annotations

import pytest
from dependency_injector import providers

from api.container import build_container
from application.errors import CircuitOpen, Unreachable
from infrastructure.settings.settings import Settings
from infrastructure.system.breakers import Breaker, BreakerOptions
from infrastructure.telemetry import names
from infrastructure.telemetry.gauges import BreakerGauge
from tests.messaging import message
from tests.samples.contexts import SAMPLES
from tests.telemetry import Point, Told

NOWHERE = Settings(
    provider="dynamodb",
    endpoint_url="http://127.0.0.1:9",
    region="eu-central-1",
    destinations={"people": "sqs:http://127.0.0.1:9/000000000000/people"},
    retry_attempts=1,
    breaker_failures=1,
)


def test_it_is_one_while_it_is_left_alone_and_zero_once_it_works_again() -> None:
    told, time = Told(), [0.0]
    gauge = BreakerGauge(told.telemetry)
    breaker = Breaker("users", BreakerOptions(1, 5.0), lambda: time[0], gauge.observe)

    breaker.tell("500")
    assert told.points(names.BREAKER_OPEN) == [Point(1, {names.BREAKER: "users"})]

    time[0] = 5.0
    breaker.admit()
    breaker.tell()
    assert told.points(names.BREAKER_OPEN) == [Point(0, {names.BREAKER: "users"})]


def test_tables_and_destinations_have_it() -> None:
    told = Told()
    container = build_container(NOWHERE)
    container.telemetry.override(told.telemetry)
    container.contexts.override(providers.Object(SAMPLES))

    with container.unit_of_work() as unit, pytest.raises(Unreachable):
        unit.people.get("ada")
    with container.unit_of_work() as unit, pytest.raises(CircuitOpen):
        unit.people.get("ada")
    container.publishers()["people"].publish([message(1)])

    points = told.points(names.BREAKER_OPEN)
    assert {(point.attributes[names.BREAKER], point.value) for point in points} == {
        ("people", 1),
        ("destination people", 1),
    }
