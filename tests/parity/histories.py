"""Random histories of several writers, and what each provider makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from attrs import define, evolve, field, frozen

from application.commit_each import commit_each
from application.errors import ItemWrittenTwice
from application.ports.outbox import OutboxMessage, StoredMessage
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.consistency import Anything, Exact, ExpectedVersion, NoStream, StreamExists, StreamId
from domain.errors import DynastrataError
from domain.orders.events import OrderCancelled
from domain.orders.order import Order
from domain.orders.values import OrderLine
from domain.users.errors import UserNotFound
from domain.users.values import Email
from tests.stores import Store
from tests.users import NOW, new_user

WRITERS = 3
USERS = tuple(f"user-{n}" for n in range(4))
EMAILS = tuple(f"mail{n}@example.com" for n in range(6))


@frozen
class Step:
    """One call of one writer: the name of a method of `Writer` and its arguments."""

    writer: int
    call: str
    user: str
    email: str
    size: int


def history(seed: int, length: int = 200) -> list[Step]:
    """A random history of users who are there at first.

    Loads and changes are frequent, so that commits have something to do.
    """
    random_ = random.Random(seed)
    calls = ["register"] * 2 + ["load"] * 6 + ["find"] * 2 + ["change"] * 8 + ["save"] * 2
    calls += ["place"] * 2 + ["load_order"] * 3 + ["change_order"] * 5 + ["append"] * 2
    calls += ["remove"] + ["commit"] * 3 + ["rollback"] + ["change_each"] * 3 + ["page"]
    calls += ["tell"] * 2 + ["receive"]
    registrations = [
        Step(0, "register", user, email, 1) for user, email in zip(USERS, EMAILS, strict=False)
    ]
    random_steps = [
        Step(
            random_.randrange(WRITERS),
            random_.choice(calls),
            random_.choice(USERS),
            random_.choice(EMAILS),
            random_.randint(1, 4),
        )
        for _ in range(length)
    ]
    return [*registrations, Step(0, "commit", "", "", 1), *random_steps]


@define
class Writer:
    """One unit of work that stays open over many steps."""

    unit_of_work: UnitOfWorkFactory
    unit: UnitOfWork
    loaded: dict[str, Any] = field(factory=dict)
    orders: dict[str, Order] = field(factory=dict)

    def register(self, step: Step) -> object:
        user = new_user(step.email, id=step.user)
        self.unit.users.add(user)
        self.loaded[user.id] = user
        return "staged"

    def load(self, step: Step) -> object:
        return self._seen(self.unit.users.get(step.user))

    def find(self, step: Step) -> object:
        return self._seen(self.unit.users.get_by_email(Email(step.email)))

    def change(self, step: Step) -> object:
        user = self.loaded.get(step.user)
        if user is None:
            return "nothing to change"
        if step.size % 2:
            user.change_email(Email(step.email), NOW)
        else:
            user.change_name(f"Name {step.size}", step.email.partition("@")[0], NOW)
        self.unit.users.save(user)
        return "changed"

    def save(self, step: Step) -> object:
        user = self.loaded.get(step.user)
        if user is None:
            return "nothing to save"
        self.unit.users.save(user)
        return "saved"

    def remove(self, step: Step) -> object:
        user = self.loaded.get(step.user)
        if user is None:
            return "nothing to remove"
        user.leave(NOW)
        self.unit.users.remove(user)
        return "removed"

    def place(self, step: Step) -> object:
        order = Order.place(id=step.user, customer_id=step.email, lines=(_line("first"),), now=NOW)
        self.unit.orders.add(order)
        self.orders[order.id] = order
        return "staged"

    def load_order(self, step: Step) -> object:
        order = self.unit.orders.get(step.user)
        self.orders[order.id] = order
        return repr(order)

    def change_order(self, step: Step) -> object:
        order = self.orders.get(step.user)
        if order is None:
            return "no order to change"
        sku = step.email.partition("@")[0]
        match step.size:
            case 1:
                order.add_line(_line(sku), NOW)
            case 2:
                order.remove_line(sku, NOW)
            case 3:
                order.add_line(_line(f"other-{sku}"), NOW)
            case _:
                order.pay(NOW)
        self.unit.orders.save(order)
        return "changed"

    def append(self, step: Step) -> object:
        """To the stream of an order, past the aggregate, by a random expectation."""
        event = OrderCancelled(order_id=step.user, reason=step.email, occurred_at=NOW)
        expectations: dict[int, ExpectedVersion] = {
            1: NoStream(),
            2: Exact(2),
            3: StreamExists(),
            4: Anything(),
        }
        expected = expectations[step.size]
        self.unit.streams.append(StreamId("Order", step.user), [event], expected)
        return "staged"

    def tell(self, step: Step) -> object:
        """A message by hand, whose id may be there."""
        message = OutboxMessage(
            message_id=f"note-{step.size}",
            message_type="Told",
            destination="users",
            ordering_key=step.user,
            payload=step.email.encode(),
            created_at=NOW,
        )
        self.unit.outbox.add(message)
        return "staged"

    def receive(self, step: Step) -> object:
        """A message from elsewhere, which may have been handled."""
        self.unit.inbox.remember(step.user, step.email, NOW)
        return self.unit.inbox.knows(step.user, step.email)

    def change_each(self, step: Step) -> object:
        """Every user, each in a unit of work of its own, while this one stays open.

        One of them is overtaken by somebody else, and all may want one address.
        """

        def change(unit: UnitOfWork, user_id: str) -> None:
            user = unit.users.get(user_id)
            if user_id == step.user:
                self._rename(user_id, "Overtaken", f"at {user.version}")
            if step.size % 2:
                user.change_email(Email(step.email), NOW)
            else:
                user.change_name(f"Name {step.size}", step.email.partition("@")[0], NOW)
            unit.users.save(user)

        results = commit_each(self.unit_of_work, USERS, change)
        return [(result.id, described(result.error)) for result in results]

    def page(self, step: Step) -> object:
        first = self.unit.users.page(step.size)
        return [self._seen(user) for user in first.items], first.next_cursor is None

    def commit(self, step: Step) -> object:
        try:
            self.unit.commit()
        except DynastrataError:
            self.rollback(step)
            raise
        return "committed"

    def rollback(self, step: Step) -> object:
        self.unit.rollback()
        self.loaded.clear()
        self.orders.clear()
        return "rolled back"

    def _rename(self, user_id: str, first_name: str, last_name: str) -> None:
        with self.unit_of_work() as other:
            user = other.users.get(user_id)
            user.change_name(first_name, last_name, NOW)
            other.users.save(user)
            other.commit()

    def _seen(self, user: Any) -> object:
        self.loaded[user.id] = user
        return repr(user)


def described(error: DynastrataError | None) -> object:
    """What two providers must agree on: the class of an error, and what it says.

    But for the key of an item, which each provider writes in its own way.
    """
    if error is None:
        return None
    return type(error).__name__, "" if isinstance(error, ItemWrittenTwice) else str(error)


@frozen
class Story:
    """What a history came to: the result of every step, what is stored, and what will be told."""

    results: list[object]
    state: object
    messages: dict[str, list[StoredMessage]]


def replay(store: Store, steps: list[Step]) -> Story:
    """What becomes of a history on an empty store."""
    unit_of_work = store.unit_of_work
    writers = [Writer(unit_of_work, unit_of_work()) for _ in range(WRITERS)]
    results: list[object] = []
    for step in steps:
        writer = writers[step.writer]
        call: Callable[[Step], object] = getattr(writer, step.call)
        try:
            results.append((step.call, call(step)))
        except DynastrataError as error:
            results.append((step.call, described(error)))
    return Story(results, stored(store), pending(store))


def stored(store: Store) -> object:
    """Every user, who is found by each address, and what happened to each order."""
    with store.unit_of_work() as unit:
        users = [repr(user) for user in unit.users.page(100).items]
        holders = {email: _holder(unit, email) for email in EMAILS}
    return users, holders, [_happened(store, user) for user in USERS]


def _happened(store: Store, order_id: str) -> list[object]:
    stream = StreamId("Order", order_id)
    events = store.event_store().read(stream).events
    dispatched = [raw.is_dispatched for raw in store.provider.events().read(stream).events]
    return [
        dispatched,
        *((e.version, e.type, e.event, e.commit_first, e.commit_count) for e in events),
    ]


def pending(store: Store) -> dict[str, list[StoredMessage]]:
    """The pending messages of each ordering key that relays would find, in their order.

    The ordering keys are the ids of users and orders.
    """
    table = store.provider.outbox()
    keys = {entry.key.ordering_key for page in table.pending_pages() for entry in page}
    return {
        key: [_told(message) for message in table.read(key) if message.is_pending] for key in keys
    }


def _told(stored: StoredMessage) -> StoredMessage:
    """A message without the id of its commit, which is random."""
    version_and_place = str(stored.message.message_id)[: len("000000000001-000")]
    return evolve(stored, message=evolve(stored.message, message_id=version_and_place))


def _line(sku: str) -> OrderLine:
    return OrderLine.of(sku=sku, title="A course", quantity=1, unit_price_cents=4_900)


def _holder(unit: UnitOfWork, email: str) -> str | None:
    try:
        return unit.users.get_by_email(Email(email)).id
    except UserNotFound:
        return None
