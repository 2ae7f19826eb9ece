"""From settings to publishers."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from application.ports.publisher import Publisher, Unavailable
from infrastructure.messaging.batch_publisher import BatchPublisher
from infrastructure.messaging.guarded_publisher import GuardedPublisher
from infrastructure.messaging.local import LogPublisher, MemoryPublisher
from infrastructure.messaging.senders import BusSender, QueueSender, TopicSender
from infrastructure.settings.settings import Settings, SettingsError
from tests.deployed import OWN_KEY
from tests.messaging import message, publishers_of

NOWHERE = Settings(endpoint_url="http://127.0.0.1:9", region="eu-central-1")
QUEUE = "sqs:http://127.0.0.1:9/000000000000/people"
TOPIC = "sns:arn:aws:sns:eu-central-1:000000000000:people"
BUS = "eventbridge:default"


@pytest.fixture(autouse=True)
def _no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


def batches_of(publisher: Publisher) -> BatchPublisher:
    assert isinstance(publisher, GuardedPublisher)
    assert isinstance(publisher.publisher, BatchPublisher)
    return publisher.publisher


def sender_of(settings: Settings) -> Any:
    return batches_of(publishers_of(settings)["people"]).sender


def test_log_and_memory_need_no_region() -> None:
    publishers = publishers_of(Settings(destinations={"parcels": "memory:"}))
    assert isinstance(publishers["people"], LogPublisher)
    assert isinstance(publishers["parcels"], MemoryPublisher)


@pytest.mark.parametrize("destination", [QUEUE, TOPIC, BUS])
def test_a_service_needs_a_region(destination: str) -> None:
    with pytest.raises(SettingsError, match=r"^region \(DYNASTRATA_REGION\): "):
        publishers_of(Settings(destinations={"people": destination}))


@pytest.mark.parametrize("destination", ["log:", "memory:"])
def test_production_does_not_lose_messages_in_the_process(destination: str) -> None:
    production = Settings(
        environment="production",
        provider="dynamodb",
        signing_key=OWN_KEY,
        admin_password="a password of its own",
        region="eu-central-1",
        destinations={"people": destination, "parcels": BUS},
    )
    with pytest.raises(
        SettingsError, match=f"^people_destination: {destination} loses .*_PEOPLE_DESTINATION$"
    ):
        publishers_of(production)


def test_the_memory_that_is_passed_gets_the_messages_of_all_that_go_to_memory() -> None:
    memory = MemoryPublisher()
    settings = Settings(destinations={"people": "memory:", "parcels": "memory:"})
    publishers = publishers_of(settings, memory)
    publishers["people"].publish([message(1)])
    publishers["parcels"].publish([message(2, destination="parcels")])
    assert memory.published == [message(1), message(2, destination="parcels")]


@pytest.mark.parametrize(
    ("destination", "sender", "service"),
    [(QUEUE, QueueSender, "sqs"), (TOPIC, TopicSender, "sns"), (BUS, BusSender, "events")],
)
def test_every_kind_gets_the_client_of_its_service(
    destination: str, sender: type[Any], service: str
) -> None:
    made: Any = sender_of(evolve(NOWHERE, destinations={"people": destination}))
    assert isinstance(made, sender)
    assert made.client.meta.service_model.service_name == service


def test_destinations_of_one_service_share_a_client() -> None:
    settings = evolve(NOWHERE, destinations={"people": QUEUE, "parcels": QUEUE + ".fifo"})
    publishers = publishers_of(settings)
    people, parcels = batches_of(publishers["people"]), batches_of(publishers["parcels"])
    assert isinstance(people.sender, QueueSender)
    assert isinstance(parcels.sender, QueueSender)
    assert people.sender.client is parcels.sender.client
    assert parcels.sender.queue_url == QUEUE.removeprefix("sqs:") + ".fifo"


def test_an_endpoint_of_dynamodb_at_aws_is_not_that_of_another_service() -> None:
    endpoint = "https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com"
    made = sender_of(evolve(NOWHERE, endpoint_url=endpoint, destinations={"people": QUEUE}))
    assert made.client.meta.endpoint_url == "https://sqs.eu-central-1.amazonaws.com"


def test_publishing_gives_up_some_time_after_the_network_does() -> None:
    settings = evolve(
        NOWHERE,
        destinations={"people": QUEUE},
        connect_timeout_seconds=2.0,
        read_timeout_seconds=7.0,
    )
    assert 9.0 < publishers_of(settings)["people"].timeout <= 10.0


@pytest.mark.parametrize("destination", [QUEUE, QUEUE + ".fifo", TOPIC, BUS])
def test_where_nobody_listens_the_destination_is_unavailable(destination: str) -> None:
    publisher = publishers_of(evolve(NOWHERE, destinations={"people": destination}))["people"]
    given = [message(n, f"key-{n}") for n in range(3)]
    assert publisher.publish(given) == [Unavailable("EndpointConnectionError")] * 3


def test_destination_that_is_out_is_left_alone_and_no_other() -> None:
    destinations = {"people": QUEUE, "parcels": TOPIC}
    publishers = publishers_of(evolve(NOWHERE, destinations=destinations, breaker_failures=2))
    for _ in range(2):
        assert publishers["people"].is_available
        publishers["people"].publish([message()])

    assert not publishers["people"].is_available
    assert publishers["parcels"].is_available
    [left_alone] = publishers["people"].publish([message()])
    assert left_alone == Unavailable("the destination is out: it was not asked")
