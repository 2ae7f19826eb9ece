"""This project, with the settings it has by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

from api.container import Container, build_container
from application.ports.event_store import RawEvent
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.consistency import Loaded, StreamId
from domain.orders.events import LineAdded, LineRemoved, OrderEvent
from domain.orders.order import Order
from domain.orders.values import OrderLine
from domain.users.user import User
from domain.users.values import Email
from infrastructure.events.registry import EventRegistry
from infrastructure.settings.events import EventsLayout
from infrastructure.settings.settings import Settings
from infrastructure.system.clock import SystemClock
from scripts.bench import data
from scripts.bench.data import Place
from scripts.bench.peers.named import named

_LINE = OrderLine.of(sku="a", title=data.TITLE, quantity=1, unit_price_cents=1)
_NOW = SystemClock().now()


def container_at(place: Place, layout: EventsLayout = "item_per_event") -> Container:
    """The service on the tables of a run."""
    container = build_container(
        Settings(
            provider="dynamodb",
            endpoint_url=place.endpoint_url,
            region="eu-central-1",
            table_prefix=place.prefix,
            events_layout=layout,
            destinations={"users": "memory:", "orders": "memory:"},
        )
    )
    adapters: Any = container.adapters()
    # DynamoDB says what was read. Only beside a local engine it is reckoned, item by item.
    adapters.gateway.trust_read_units = True
    return container


def new_user(id: str) -> User:
    """A user whose item is that of `data.user`."""
    return User.register(
        id=id,
        first_name="Ada",
        last_name="Lovelace",
        email=Email.parse(data.email(id)),
        password_hash=data.HASH,
        now=_NOW,
    )


def line_added(id: str) -> LineAdded:
    """An event whose item is that of `data.event`."""
    return LineAdded(order_id=id, line=_LINE, occurred_at=_NOW)


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    packing = Service(place, "packed")
    return {
        **named(Service(place)),
        "append 5 packed": partial(packing.append, 5),
        "append 50 packed": partial(packing.append, 50),
        "load packed": packing.load,
        "replay": Replay().replay,
    }


class Service:
    """The operations."""

    def __init__(self, place: Place, layout: EventsLayout = "item_per_event") -> None:
        self._place = place
        self._container = container_at(place, layout)
        self._long = data.LONG[layout]
        self._unit_of_work: UnitOfWorkFactory = self._container.unit_of_work

    def get(self, number: int) -> User:
        """See `Peer`, as below."""
        with self._unit_of_work() as unit:
            return unit.users.get(data.user_id(number))

    def save(self, number: int) -> None:
        """As `get`."""
        with self._unit_of_work() as unit:
            user = unit.users.get(data.user_id(number))
            user.change_name("Ada", self._place.name(number), _NOW)
            unit.users.save(user)
            unit.commit()

    def save_three(self, number: int) -> None:
        """As `get`."""
        with self._unit_of_work() as unit:
            for user in unit.users.get_many(data.user_id(number * 3 + each) for each in range(3)):
                user.change_name("Ada", self._place.name(number), _NOW)
                unit.users.save(user)
            unit.commit()

    def register(self, number: int) -> None:
        """As `get`."""
        with self._unit_of_work() as unit:
            unit.users.add(new_user(self._place.new(number)))
            unit.commit()

    def list_all(self, _: int) -> tuple[User, ...]:
        """As `get`."""
        with self._unit_of_work() as unit:
            return unit.users.page(data.USERS).items

    def append(self, count: int, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        events = [line_added(id) for _ in range(count)]
        self._container.event_store().append(StreamId("Order", id), events, Loaded(0))

    def load(self, _: int) -> object:
        """As `get`."""
        return self._container.event_store().read(StreamId("Order", self._long)).events


class Replay:
    """An order with 100,000 events, from their JSON."""

    def __init__(self) -> None:
        self._events: list[RawEvent] = []

    @cached_property
    def _registry(self) -> EventRegistry:
        registry: EventRegistry = build_container(Settings()).units_of_work().registry
        return registry

    def replay(self, _: int) -> Order:
        """The order."""
        self._events = self._events or [self._registry.encode(event) for event in _life()]
        order = Order(id="long")
        order.replay(self._registry.decode(event, "event") for event in self._events)
        return order


def _life() -> Iterator[OrderEvent]:
    """Lines come and go, so that the order stays small."""
    for _ in range(data.REPLAYED // 2):
        yield line_added("long")
        yield LineRemoved(order_id="long", sku="a", occurred_at=_NOW)
