from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from attrs import evolve

from api.container import Container, build_container
from application.errors import LimitExceeded
from application.orders.place_order import PlaceOrder
from domain.consistency import NoStream, StreamId
from domain.orders.events import LineRemoved
from domain.orders.order import Order
from infrastructure.settings import Settings
from tests.orders import line
from tests.users import NOW

PUBLIC = (
    "unit_of_work",
    "event_store",
    "subscriptions",
    "table_initializer",
    "register_user",
    "get_user",
    "list_users",
    "update_user",
    "remove_user",
    "change_password",
    "request_email_verification",
    "verify_email",
    "request_password_reset",
    "complete_password_reset",
    "ban_user",
    "sign_in",
    "refresh_session",
    "sign_out",
    "place_order",
    "add_line",
    "remove_line",
    "pay_order",
    "cancel_order",
    "get_order",
    "get_order_history",
)


def test_every_provider_resolves(container: Container) -> None:
    made = {name: provider() for name, provider in container.providers.items()}
    assert set(PUBLIC) <= set(made)
    assert None not in made.values()


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
            events_table=f"{prefix}journal",
            snapshots_table=f"{prefix}photos",
            checkpoints_table=f"{prefix}marks",
            events_partition_key="stream",
            events_sort_key="number",
            events_streams_enabled=False,
            snapshot_every=1,
        )
    )
    created = built.table_initializer().create_missing()
    order = built.place_order()(PlaceOrder(customer_id="ada", lines=(line(),)))

    assert {f"{prefix}journal", f"{prefix}photos"} <= set(created)
    assert built.tables().physical("checkpoints") == f"{prefix}marks"
    assert built.get_order()(order.id).version == 1
    request = {"TableName": f"{prefix}journal", "ConsistentRead": True}
    (item,) = built.gateway().call("Scan", request)["Items"]
    assert (item["stream"], item["number"]) == ({"S": f"Order:{order.id}"}, {"N": "1"})
    request = {"TableName": f"{prefix}photos", "ConsistentRead": True}
    assert built.gateway().call("Scan", request)["Count"] == 1
    described = built.gateway().call("DescribeTable", {"TableName": f"{prefix}journal"})["Table"]
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
