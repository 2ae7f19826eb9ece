from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import pytest
from attrs import evolve

from api.container import Container, build_container
from application.errors import LimitExceeded
from application.integration_events import IntegrationEvent
from application.ports.subscriptions import Start
from domain.consistency import NoStream, StreamId
from domain.errors import InvalidValue
from domain.orders.events import LineRemoved
from domain.orders.order import Order
from domain.orders.price_list import RequestedLine
from infrastructure.contexts.context import Context, Contexts
from infrastructure.messaging.local import LogPublisher
from infrastructure.settings.destination import Destination
from infrastructure.settings.settings import Settings, SettingsError
from tests.deployed import OWN_KEY
from tests.orders.samples import line
from tests.outboxes import message
from tests.times import NOW

PUBLIC = (
    "unit_of_work",
    "event_store",
    "subscriptions",
    "outbox",
    "relay_queue",
    "relay",
    "polling_relay",
    "stream_relay",
    "batch_relay",
    "table_initializer",
    "blob_store",
    "offload",
    "mail_limiter",
    "register_user",
    "get_user",
    "list_users",
    "update_user",
    "remove_user",
    "request_email_change",
    "undo_email_change",
    "change_password",
    "request_email_verification",
    "verify_email",
    "request_password_reset",
    "complete_password_reset",
    "ban_user",
    "unban_user",
    "sign_in",
    "refresh_session",
    "check_session",
    "sign_out",
    "place_order",
    "add_line",
    "remove_line",
    "pay_order",
    "cancel_order",
    "get_order",
    "get_order_history",
    "define_course",
    "enrol_student",
    "withdraw_student",
    "get_course",
    "get_timetable",
)


def test_every_provider_resolves(container: Container) -> None:
    on_both = {n: p for n, p in container.providers.items() if n != "batch_relay"}
    made = {name: provider() for name, provider in on_both.items()}
    assert set(PUBLIC) <= {*made, "batch_relay"}
    assert None not in made.values()


def test_a_relay_for_batches_is_there_where_somebody_could_deliver_them(
    container: Container,
) -> None:
    if container.settings().provider == "dynamodb":
        assert container.batch_relay() is not container.batch_relay()
        return
    with pytest.raises(SettingsError, match=r"^provider: memory has no stream"):
        container.batch_relay()


def test_every_call_makes_another_unit_of_work(container: Container) -> None:
    assert container.unit_of_work() is not container.unit_of_work()


def test_two_containers_share_nothing() -> None:
    first, second = build_container(Settings()), build_container(Settings())
    assert first.store() is not second.store()
    assert first.meter() is not second.meter()


def test_threads_that_ask_at_once_get_the_same_store() -> None:
    container = build_container(Settings())
    barrier = Barrier(8)

    def ask(_: int) -> object:
        barrier.wait()
        return container.store()

    with ThreadPoolExecutor(8) as threads:
        assert len({id(store) for store in threads.map(ask, range(8))}) == 1


@pytest.mark.parametrize(
    "settings", [pytest.param("dynamodb", marks=pytest.mark.engine)], indirect=True
)
def test_the_tables_of_events_are_named_and_keyed_as_set(settings: Settings) -> None:
    prefix = settings.table_prefix
    built = build_container(
        evolve(
            settings,
            tables={
                "events": f"{prefix}journal",
                "snapshots": f"{prefix}photos",
                "checkpoints": f"{prefix}marks",
            },
            events_partition_key="stream",
            events_sort_key="number",
            events_streams_enabled=False,
            snapshot_every=1,
        )
    )
    created = built.table_initializer().create_missing()
    order = built.place_order()(customer_id="ada", lines=[RequestedLine("algebra")])

    assert {f"{prefix}journal", f"{prefix}photos"} <= set(created)
    assert built.store().tables.physical("checkpoints") == f"{prefix}marks"
    assert built.get_order()(order.id).version == 1
    request = {"TableName": f"{prefix}journal", "ConsistentRead": True}
    (item,) = built.store().gateway.call("Scan", request)["Items"]
    assert (item["stream"], item["number"]) == ({"S": f"Order:{order.id}"}, {"N": "1"})
    request = {"TableName": f"{prefix}photos", "ConsistentRead": True}
    assert built.store().gateway.call("Scan", request)["Count"] == 1
    described = built.store().gateway.call("DescribeTable", {"TableName": f"{prefix}journal"})[
        "Table"
    ]
    assert not described.get("StreamSpecification", {}).get("StreamEnabled", False)


def test_an_append_is_limited_as_set(settings: Settings) -> None:
    container = build_container(evolve(settings, events_max_batch_size=1))
    order = Order.place(id="order-1", customer_id="ada", lines=(line("a"), line("b")), now=NOW)
    order.remove_line("a", NOW)
    unit = container.unit_of_work()
    unit.orders.add(order)
    with pytest.raises(LimitExceeded):
        unit.commit()


@pytest.mark.parametrize("transactional", [True, False])
def test_events_are_appended_at_once_or_one_by_one_as_set(
    transactional: bool, container: Container
) -> None:
    settings = evolve(container.settings(), events_transactional_write=transactional)
    container.settings.override(settings)
    stream = StreamId("Order", "order-1")
    events = [LineRemoved(order_id="order-1", sku=sku, occurred_at=NOW) for sku in ("a", "b")]

    container.event_store().append(stream, events, NoStream())

    commits = {each.commit_id for each in container.event_store().read(stream).events}
    assert len(commits) == (1 if transactional else 2)


def test_relays_work_as_set() -> None:
    settings = Settings(
        relay_lease_seconds=20,
        relay_batch_size=7,
        relay_attempts=3,
        relay_backoff_seconds=5,
        relay_backoff_cap_seconds=12,
        relay_poll_interval_ms=250,
        relay_sweep_seconds=40,
        streams_poll_interval_ms=400,
        outbox_keep_days=2,
    )
    container = build_container(settings)
    polling, following = container.polling_relay(), container.stream_relay()
    # Made, and never connected to anything.
    on_dynamodb = build_container(
        evolve(settings, provider="dynamodb", region="us-east-1", signing_key=OWN_KEY)
    )
    batch = on_dynamodb.batch_relay()
    for relay in (container.relay(), polling.relay, following.relay, batch.relay):
        options = relay._options
        assert (options.lease_seconds, options.batch_size, options.attempts) == (20, 7, 3)
        # Random up to 5, 10, and then 12 seconds.
        pauses = [max(options.backoff(n) for _ in range(200)) for n in (1, 2, 3, 9)]
        assert [4 < pauses[0] <= 5, 8 < pauses[1] <= 10] == [True, True]
        assert [10 < pause <= 12 for pause in pauses[2:]] == [True, True]
    assert polling.interval == 0.25
    assert (following.interval, following.sweep) == (0.4, timedelta(seconds=40))
    with closing(following.open_reader(Start.CHECKPOINT)) as reader:
        assert reader._poll_interval == 0.4
    assert container.outbox().keep == container.relay_queue().keep == timedelta(days=2)


def test_every_relay_has_a_name_of_its_own() -> None:
    container = build_container(Settings())
    made = [container.relay() for _ in range(2)]
    made += [container.polling_relay().relay, container.stream_relay().relay]
    assert len({relay._owner for relay in made}) == 4


def test_a_relay_whose_leases_are_too_short_is_refused_by_the_name_of_the_setting() -> None:
    destination = "sqs:https://sqs.example/1/users"
    container = build_container(
        Settings(region="us-east-1", destinations={"users": destination}, relay_lease_seconds=6)
    )
    with pytest.raises(SettingsError) as refused:
        container.polling_relay()
    assert str(refused.value) == (
        "relay_lease_seconds (DYNASTRATA_RELAY_LEASE_SECONDS): must be more than 6: the "
        "publishers' timeout and the margin"
    )


def test_a_destination_that_a_context_declares_is_known_and_goes_to_the_log_unless_set() -> None:
    removed = IntegrationEvent("LineRemoved", LineRemoved, "shipping")
    declared = Contexts([Context(integration_events=(removed,))])
    by_default = build_container(Settings())
    as_set = build_container(Settings(destinations={"shipping": "memory:"}))
    for container in (by_default, as_set):
        container.contexts.override(declared)

    assert by_default.destinations().by_name == {"shipping": Destination("log")}
    assert as_set.destinations().by_name == {"shipping": Destination("memory")}
    assert isinstance(by_default.publishers()["shipping"], LogPublisher)
    assert as_set.publishers()["shipping"] is as_set.memory_publisher()


def test_messages_for_a_destination_that_nobody_declares_are_refused_before_any_commit(
    container: Container,
) -> None:
    with container.unit_of_work() as unit, pytest.raises(InvalidValue, match="'shipping' is not"):
        unit.outbox.add(message(destination="shipping"))
