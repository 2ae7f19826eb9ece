"""What a process finds out when it starts, and not with its first request."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from attrs import define, evolve, setters
from pynamodb.attributes import UnicodeAttribute

from api import bootstrap, container
from api.container import Container, build_container
from api.lambdas import outbox_relay
from domain.aggregate import Aggregate
from domain.errors import NotFound
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.repository import StateRepository
from infrastructure.contexts.context import Context, Contexts, StateStored
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.settings.place import Environment
from infrastructure.settings.settings import Settings, SettingsError
from tests.deployed import OWN_KEY

DYNAMODB = Settings(provider="dynamodb", endpoint_url="http://127.0.0.1:1", region="us-east-1")


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Leaflet(Aggregate):
    title: str


class OlderModel(AggregateModel):
    class Meta:
        table_name = "leaflets"

    heading = UnicodeAttribute()


def _not_found(id_: str) -> NotFound:
    return NotFound("Leaflet", id_)


LEAFLET = AggregateType("Leaflet", "leaflets", Leaflet, _not_found)
DRIFTED = Contexts(
    [Context(repositories={"leaflets": StateStored(LEAFLET, StateRepository, lambda: OlderModel)})]
)


@pytest.fixture
def drifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service has a context whose class and model differ."""

    def build(settings: Settings) -> Container:
        built = build_container(settings)
        built.contexts.override(DRIFTED)
        return built

    monkeypatch.setattr(container, "build_container", build)


def test_a_class_that_differs_from_its_model_ends_the_start(drifted: None) -> None:
    with pytest.raises(TypeError, match=r"Leaflet and OlderModel differ.*title.*heading"):
        bootstrap.start(DYNAMODB)


def test_memory_has_no_model_to_differ_from(drifted: None) -> None:
    assert bootstrap.start(Settings()).contexts() is DRIFTED


@pytest.mark.parametrize("name", ["events_partition_key", "events_sort_key"])
def test_a_key_with_the_name_of_another_attribute_ends_the_start(name: str) -> None:
    changes = {name: "eventType"}
    with pytest.raises(SettingsError, match=f"^{name} .*must not be another attribute"):
        bootstrap.start(evolve(DYNAMODB, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_without_a_region_nothing_starts_on_dynamodb(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    settings = Settings(environment=environment, provider="dynamodb", signing_key=OWN_KEY)
    with pytest.raises(SettingsError, match=r"^region \(DYNASTRATA_REGION\): "):
        bootstrap.start(settings)


def test_the_lambda_relay_does_not_start_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox_relay, "start", lambda: build_container(Settings()))
    outbox_relay._container.cache_clear()
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)

    with pytest.raises(SettingsError, match=r"^provider: memory has no stream"):
        outbox_relay.handler({"source": "aws.events"}, context)
