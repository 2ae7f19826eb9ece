"""What `OrderRepository` promises beside what every event-sourced one does, on every adapter."""

from __future__ import annotations

import pytest
from attrs import evolve

from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict
from domain.orders.errors import OrderNotFound
from domain.orders.repository import OrderRepository
from infrastructure.events.event_sourced_table import SnapshotPolicy
from tests.orders.samples import line, new_order
from tests.stores import Store
from tests.times import NOW

STREAM = StreamId("Order", "order-1")


def test_the_repository_has_all_that_its_port_asks_for(store: Store) -> None:
    asked = {n for cls in OrderRepository.__mro__ for n in vars(cls) if not n.startswith("_")}

    with store.unit_of_work() as unit:
        assert [name for name in asked if not hasattr(unit.orders, name)] == []


def test_an_order_is_loaded_as_it_was_committed(store: Store) -> None:
    with store.unit_of_work() as unit:
        order = new_order("first", "second")
        order.add_line(line("third"), NOW)
        order.remove_line("first", NOW)
        order.pay(NOW)
        unit.orders.add(order)
        unit.commit()
        assert (order.version, order.recorded_events) == (4, ())
    with store.unit_of_work() as unit:
        loaded = unit.orders.get(order.id)
    assert repr(loaded) == repr(order)


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_an_order_is_loaded_from_its_snapshot_as_it_was(store: Store, end: str) -> None:
    store = evolve(store, options=evolve(store.options, snapshots=SnapshotPolicy(every=2)))
    with store.unit_of_work() as unit:
        order = new_order()
        order.pay(NOW) if end == "paid" else order.cancel("too late", NOW)
        unit.orders.add(order)
        unit.commit()

    snapshot = store.provider.snapshots().read(STREAM)
    assert snapshot is not None
    assert snapshot.version == 2
    with store.unit_of_work() as unit:
        loaded = unit.orders.get(order.id)
    assert (loaded.status.value, repr(loaded)) == (end, repr(order))


def test_an_order_that_does_not_exist_is_not_found(store: Store) -> None:
    for order_id in ("none", "", "a:b", "CLAIM#email#ada@example.com"):
        with pytest.raises(OrderNotFound) as missing, store.unit_of_work() as unit:
            unit.orders.get(order_id)
        assert missing.value.aggregate_id == order_id


def test_of_two_who_change_an_order_one_conflicts(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.orders.add(new_order("first"))
        unit.commit()
    with store.unit_of_work() as mine, store.unit_of_work() as theirs:
        for unit, sku in ((mine, "mine"), (theirs, "theirs")):
            order = unit.orders.get("order-1")
            order.add_line(line(sku), NOW)
            unit.orders.save(order)
        mine.commit()
        with pytest.raises(ConcurrencyConflict):
            theirs.commit()
        theirs.rollback()
    with store.unit_of_work() as unit:
        assert [each.sku for each in unit.orders.get("order-1").lines] == ["first", "mine"]


def test_an_order_has_no_way_to_be_removed(store: Store) -> None:
    with store.unit_of_work() as unit:
        assert not hasattr(unit.orders, "remove")
