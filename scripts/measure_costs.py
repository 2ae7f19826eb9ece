"""Measures what each operation costs: requests, read and write units; and making a unit of work.

`make bench` begins with it. Write units are those that MiniStack reports; its read units are wrong,
so these are reckoned from the items by the documented rules. MiniStack does not count the index
writes of transactions (an index write costs the same inside a transaction as outside): on AWS a
registration and a removal each pay one unit more, for the entry in the listing, every message one
when it is added and one when it is published, for its entry among those that wait, and every tagged
event one for each KB, for its entry among all.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from uuid import uuid4

import orjson
from attrs import evolve
from rich.console import Console
from rich.table import Table

from api.container import Container, build_container
from application.idempotent_receiver import Delivery, process_once
from application.ports.unit_of_work import UnitOfWork
from domain.consistency import Exact, Loaded, StreamId
from domain.orders.events import LineAdded
from domain.orders.order import Order
from domain.orders.price_list import RequestedLine
from domain.orders.values import OrderLine
from domain.tagged_events import AppendCondition, Query, Tag, TaggedEvent
from domain.users.values import Email
from infrastructure.contexts.orders import ORDER
from infrastructure.engines import run_ministack
from infrastructure.events.snapshots import Snapshot
from infrastructure.metering import Usage
from infrastructure.settings.settings import Settings
from infrastructure.system.clock import SystemClock
from infrastructure.system.notifiers import MemoryNotifier

Costs = dict[str, Usage]
Operations = Mapping[str, Callable[[], object]]

_ROUNDS = 20
_UNITS_A_ROUND = 500


def measure(endpoint_url: str) -> Costs:
    """The usage of every operation, measured one after the other in tables of their own."""
    container = build_container(_on_dynamodb(endpoint_url))
    container.notifier.override(MemoryNotifier())
    container.table_initializer().create_missing()
    costs: Costs = {}
    # One after the other: each group begins with what the one before left.
    for operations in (_on_users, _on_streams, _on_tagged_events, _on_messages):
        costs |= _measured(container, operations(container))
    packing = build_container(evolve(container.settings(), events_layout="packed"))
    return costs | _measured(packing, _on_packed_streams(packing))


def _measured(container: Container, operations: Operations) -> Costs:
    costs: Costs = {}
    for name, operation in operations.items():
        with container.meter().measure() as usage:
            operation()
        costs[name] = usage
    return costs


def measure_units_of_work(endpoint_url: str) -> dict[str, float]:
    """The CPU microseconds that making one unit of work takes, by provider."""
    every = (_on_dynamodb(endpoint_url), Settings(provider="memory"))
    return {
        settings.provider: _microseconds(build_container(settings).unit_of_work)
        for settings in every
    }


def _microseconds(make: Callable[[], object]) -> float:
    """Of the best round: others of this machine can only make it longer."""
    make()  # what all of them share is made with the first one
    rounds = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(_UNITS_A_ROUND):
            make()
        rounds.append(time.process_time() - start)
    return min(rounds) / _UNITS_A_ROUND * 1e6


def _on_dynamodb(endpoint_url: str) -> Settings:
    """Settings for tables of their own."""
    return Settings(
        provider="dynamodb",
        endpoint_url=endpoint_url,
        region="eu-central-1",
        table_prefix=f"costs-{uuid4().hex[:8]}-",
        destinations={"users": "memory:", "orders": "memory:"},
    )


def _on_users(container: Container) -> Operations:
    """In the order of a user's life; each builds on those before."""
    ids = [""]

    def registered(email: str) -> str:
        return container.register_user()(
            first_name="Ada", last_name="Lovelace", email=email, password=secrets.token_urlsafe()
        ).id

    def register() -> None:
        ids[0] = registered("ada@example.com")

    leaving = registered("leaving@example.com")  # as nobody banned can be removed

    def update(version: int, **changes: str) -> None:
        container.update_user()(user_id=ids[0], expected_version=version, **changes)

    def change_email() -> None:
        with container.unit_of_work() as unit:
            user = unit.users.get(ids[0])
            user.change_email(Email.parse("king@example.com"), container.clock().now())
            unit.users.save(user)
            unit.commit()

    def save_unchanged() -> None:
        with container.unit_of_work() as unit:
            unit.users.save(unit.users.get(ids[0]))
            unit.commit()

    def get_by_email() -> None:
        with container.unit_of_work() as unit:
            unit.users.get_by_email(Email.parse("king@example.com"))

    return {
        "register a user": register,
        "read one by id": lambda: container.get_user()(ids[0]),
        "read and save one, unique values unchanged": lambda: update(1, last_name="King"),
        "read and save one, e-mail changed": change_email,
        "read and ban one": lambda: container.ban_user()(user_id=ids[0]),
        "read and save one, nothing changed": save_unchanged,
        "read one by e-mail": get_by_email,
        "list one page": lambda: container.list_users()(size=1),
        "read and remove one": lambda: container.remove_user()(user_id=leaving),
    }


def _on_streams(container: Container) -> Operations:
    """Events of some 480 bytes as stored, of which nobody outside is told, but for the order."""
    store = container.event_store()
    short, long = StreamId("Order", "short"), StreamId("Order", "long")
    versions = {short: Loaded(0), long: Loaded(0)}

    def append(stream: StreamId, count: int) -> None:
        events = [_event(stream)] * count
        versions[stream] = store.append(stream, events, versions[stream])

    def load(stream: StreamId) -> None:
        with container.unit_of_work() as unit:
            unit.orders.get(stream.id)

    for _ in range(10):
        append(long, 100)
    _take_snapshot(container, long)
    return {
        "place an order": lambda: _place_order(container),
        "append one event to a loaded stream": lambda: append(short, 1),
        "append ten events": lambda: append(short, 10),
        "read a stream of 1,000 events": lambda: store.read(long),
        "load an aggregate from a snapshot at version 1,000": lambda: load(long),
    }


def _on_packed_streams(container: Container) -> Operations:
    """The same events, with those of a commit in one item."""
    store = container.event_store()
    short, long = StreamId("Order", "packed"), StreamId("Order", "long and packed")
    versions = {short: Loaded(0), long: Loaded(0)}

    def append(stream: StreamId, count: int) -> None:
        events = [_event(stream)] * count
        versions[stream] = store.append(stream, events, versions[stream])

    def append_exactly() -> None:
        store.append(short, [_event(short)] * 5, Exact(versions[short].version))

    for _ in range(200):
        append(long, 5)
    return {
        "append five packed events": lambda: append(short, 5),
        "append ten packed events": lambda: append(short, 10),
        "append 200 packed events": lambda: append(short, 200),
        "append five packed events to an exact version": append_exactly,
        "read a stream of 1,000 events, packed by five": lambda: store.read(long),
    }


def _on_tagged_events(container: Container) -> Operations:
    """Events of some 420 bytes as stored. A decision is one on the first tag, read before."""
    store = container.dcb_store()
    stream = StreamId("Order", "tagged")

    def append(name: str, tags: int, condition: AppendCondition | None = None) -> None:
        bears = tuple(Tag(f"{name}:{n}") for n in range(tags))
        store.append([TaggedEvent(event=_event(stream), tags=bears)], condition)

    operations: dict[str, Callable[[], object]] = {}
    for tags in (1, 2, 5):
        name = f"append an event with {tags} tag{'s' if tags > 1 else ''}"
        on_first = store.read(Query.of(Tag(f"decided-{tags}:0"))).condition
        operations[name] = partial(append, f"plain-{tags}", tags)
        operations[f"{name}, decided"] = partial(append, f"decided-{tags}", tags, on_first)
    many = Tag("many:1"), Tag("many:2")
    for tag in many * 4:
        store.append([TaggedEvent(event=_event(stream), tags=(tag,))] * 25)
    both = Query.of(many[0]) | Query.of(many[1])
    operations["read a decision over 2 tags with 100 events each"] = lambda: store.read(both)
    return operations


def _on_messages(container: Container) -> Operations:
    """One message is pending; what the operations before left is published already."""
    relay, queue = container.relay(), container.relay_queue()
    relay.work(queue.pending())
    _place_order(container)
    delivery = Delivery(consumer="bench", message_id="1", at=SystemClock().now())

    def note(unit: UnitOfWork) -> None:
        stream = StreamId("Note", "1")
        unit.streams.append(stream, [_event(stream)], Loaded(0))

    def deliver() -> None:
        process_once(container.unit_of_work, delivery, note)

    return {
        "publish one pending message": lambda: relay.work(queue.pending()),
        "look for pending messages, none there": lambda: relay.work(queue.pending()),
        "receive a message whose effect is one event": deliver,
        "receive it again": deliver,
    }


def _place_order(container: Container) -> None:
    container.place_order()(customer_id="c", lines=[RequestedLine("algebra")])


_LINE = OrderLine.of(sku="a", title="x", quantity=1, unit_price_cents=1)


def _event(stream: StreamId) -> LineAdded:
    return LineAdded(order_id=stream.id, line=_LINE, occurred_at=SystemClock().now())


def _take_snapshot(container: Container, stream: StreamId) -> None:
    """As the commit of the thousandth event by a repository does."""
    order = Order(id=stream.id, version=1_000)
    state = orjson.dumps(ORDER.to_state(order))
    snapshot = Snapshot(stream=stream, version=1_000, schema_version=1, state=state)
    container.store().snapshots().write(snapshot)


def report(endpoint_url: str, console: Console) -> None:
    """Prints the costs as tables."""
    costs = measure(endpoint_url)
    microseconds = measure_units_of_work(endpoint_url)
    table = Table("operation", "requests", "read units", "write units", title="Costs on MiniStack")
    for name, usage in costs.items():
        table.add_row(name, str(usage.requests), f"{usage.read_units:g}", f"{usage.write_units:g}")
    units = Table("provider", "CPU microseconds", title="Making a unit of work")
    for provider, taken in microseconds.items():
        units.add_row(provider, f"{taken:.1f}")
    console.print(table, units)


def main() -> None:
    """Prints the costs alone; `make bench` prints them before its comparison."""
    with run_ministack() as engine:
        report(engine.endpoint_url, Console())


if __name__ == "__main__":
    main()
