"""Answers that get lost while a relay works: nothing is repeated, and no key waits for long."""

from __future__ import annotations

import pytest
from attrs import define

from application.errors import CommitOutcomeUnknown, Throttled, Unreachable
from application.relay import Relay, RelayOptions, RelayReport
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.system.breakers import BreakerOptions, Breakers
from tests.faults.faulty_client import (
    Fault,
    FaultyClient,
    Send,
    answer_lost,
    connection_reset,
    refused,
    request_lost,
)
from tests.faults.test_late_requests import Delayed
from tests.relay.providers import on_dynamodb
from tests.relay.relays import Chances
from tests.relay.virtual_time import VirtualTime
from tests.relay.world import DESTINATIONS, World, ids
from tests.stores import client_of, dynamodb_store

throttled = refused("ThrottlingException")
server_error = refused("InternalServerError", 500)

IN_DOUBT: list[Fault] = [answer_lost, connection_reset, request_lost, server_error]
LOST: list[Fault] = [*IN_DOUBT, throttled]

OPTIONS = RelayOptions(lease_seconds=30.0, batch_size=5)

is_take = "update_item"
is_acknowledgement = "transact_write_items"


@define
class Troubled:
    """A relay behind a network that fails, and others who see the same tables through none."""

    world: World
    client: FaultyClient
    publisher: MemoryPublisher
    relay: Relay
    queue: TableRelayQueue
    time: VirtualTime

    def fail(self, operation: str, *faults: Fault) -> None:
        """The next requests of this kind fail."""
        self.client.concerns = lambda sent: sent == operation
        self.client.faults = list(faults)

    def work(self) -> RelayReport:
        return self.relay.work(self.queue.pending())

    @property
    def published(self) -> list[str | None]:
        return [message.message_id for message in self.publisher.published]

    def requests(self, operation: str) -> int:
        return sum(1 for sent, _ in self.client.sent if sent == operation)


@pytest.fixture
def troubled(engine: LocalEngine) -> Troubled:
    """A relay, and twelve messages of one key."""
    time = VirtualTime()
    healthy = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    assert isinstance(healthy.provider, DynamoDBProvider)
    client = FaultyClient(client_of(engine.endpoint_url))
    policy = RetryPolicy(sleep=time.sleep, monotonic=lambda: time.passed)
    # Time passes for the relay alone: a table that is left alone would stay so.
    breakers = Breakers(BreakerOptions(failures=10**6))
    gateway = Gateway(client, healthy.meter, policy, breakers)
    provider = DynamoDBProvider(gateway, healthy.provider.tables)
    queue = TableRelayQueue(
        table=provider.outbox(), transaction=provider.transaction, ids=healthy.ids
    )
    publisher = MemoryPublisher()
    publishers = dict.fromkeys(DESTINATIONS, publisher)
    relay = Relay(queue, publishers, time, "relay", OPTIONS, sleep=time.sleep)
    world = World(on_dynamodb(time, healthy), time, seed=1, chances=Chances())
    world.add("ada", *ids(1, 12))
    return Troubled(world, client, publisher, relay, queue, time)


@pytest.mark.parametrize("operation", [is_take, is_acknowledgement])
@pytest.mark.parametrize("fault", LOST)
def test_everything_is_published_once_whatever_gets_lost(
    troubled: Troubled, operation: str, fault: Fault
) -> None:
    troubled.fail(operation, fault, fault)

    report = troubled.work()

    assert troubled.published == list(ids(1, 12))
    assert (report.published, report.lost, report.finished) == (12, {}, {"ada"})
    assert not troubled.client.faults
    assert troubled.world.pending() == 0


@pytest.mark.parametrize("fault", LOST)
def test_an_acknowledgement_is_tried_until_its_lease_ends(troubled: Troubled, fault: Fault) -> None:
    """Longer than the attempts of one commit."""
    attempts = RetryPolicy().attempts
    troubled.fail(is_acknowledgement, *[fault] * (attempts + 1))

    report = troubled.work()

    assert (report.published, report.lost) == (12, {})
    assert troubled.published == list(ids(1, 12))


@pytest.mark.parametrize(
    ("fault", "error"), [(throttled, Throttled), (request_lost, CommitOutcomeUnknown)]
)
def test_an_acknowledgement_that_never_gets_through_is_lost_and_its_messages_repeated(
    troubled: Troubled, fault: Fault, error: type[Exception]
) -> None:
    troubled.fail(is_acknowledgement, *[fault] * 1000)

    report = troubled.work()

    assert report.published == 0
    assert [type(reason) for reason in report.lost.values()] == [error]
    assert OPTIONS.lease_seconds <= troubled.time.passed < OPTIONS.lease_seconds + 10
    troubled.client.faults = []
    assert troubled.work().published == 12
    assert troubled.published == [*ids(1, 5), *ids(1, 12)]


def test_an_applied_acknowledgement_whose_answer_never_comes_is_not_repeated(
    troubled: Troubled,
) -> None:
    # Applied, and never told so; in the end nothing gets through until the lease has ended.
    troubled.fail(is_acknowledgement, *[answer_lost] * 20, *[request_lost] * 1000)

    report = troubled.work()
    troubled.client.faults = []
    troubled.work()

    assert set(report.lost) == {"ada"}
    assert troubled.published == list(ids(1, 12))


@pytest.mark.parametrize("fault", IN_DOUBT)
def test_a_batch_that_found_nothing_ends_though_its_answer_gets_lost(
    troubled: Troubled, fault: Fault
) -> None:
    """Its release goes alone, without the token by which a transaction is known."""
    troubled.work()
    troubled.world.add("bob", *ids(1, 1))
    seen = list(troubled.queue.pending())
    troubled.world.outbox.mark_many_as_published(troubled.world.account.added)
    started = troubled.time.passed
    # The first one is the take.
    troubled.fail(is_take, lambda send: send(), fault)

    report = troubled.relay.work(seen)

    assert (report.lost, report.finished) == ({}, {"bob"})
    assert troubled.time.passed - started < 1


def test_a_relay_goes_on_with_a_lease_that_it_took_without_knowing(troubled: Troubled) -> None:
    attempts = RetryPolicy().attempts
    troubled.fail(is_take, answer_lost, *[request_lost] * (attempts - 1))
    with pytest.raises(Unreachable):
        troubled.work()

    assert troubled.work().busy == 0
    assert troubled.published == list(ids(1, 12))
    assert troubled.time.passed < 1


def test_a_take_that_arrives_after_it_was_taken_for_lost_makes_nothing_repeat(
    troubled: Troubled,
) -> None:
    delayed = Delayed()

    def answered_and_then_the_late_one_arrives(send: Send) -> object:
        answer = send()
        assert delayed.arrive() == "ConditionalCheckFailedException"
        return answer

    troubled.fail(is_take, delayed, answered_and_then_the_late_one_arrives)

    report = troubled.work()

    assert troubled.published == list(ids(1, 12))
    assert (report.published, report.lost, report.finished) == (12, {}, {"ada"})


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_read_is_read_again(troubled: Troubled, fault: Fault) -> None:
    troubled.fail("query", fault, fault)

    assert troubled.work().published == 12
    assert not troubled.client.faults
