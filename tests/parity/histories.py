"""Random histories of several writers, and what each provider makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from attrs import define, evolve, field, frozen

from application.commit_each import commit_each
from application.errors import ItemWrittenTwice
from application.ports.outbox import OutboxMessage, StoredMessage
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.consistency import Anything, Exact, ExpectedVersion, NoStream, StreamExists, StreamId
from domain.errors import DynastrataError
from tests.samples.contexts import Unit
from tests.samples.parcels import Parcel, ParcelCancelled, line
from tests.samples.people import Email, Person, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

WRITERS = 3
PEOPLE = tuple(f"person-{n}" for n in range(4))
EMAILS = tuple(f"mail{n}@example.com" for n in range(6))


@frozen
class Step:
    """One call of one writer: the name of a method of `Writer` and its arguments."""

    writer: int
    call: str
    person: str
    email: str
    size: int


def history(seed: int, length: int = 200) -> list[Step]:
    """A random history of people who are there at first.

    Loads and changes are frequent, so that commits have something to do.
    """
    random_ = random.Random(seed)
    calls = ["register"] * 2 + ["load"] * 6 + ["find"] * 2 + ["change"] * 8 + ["save"] * 2
    calls += ["place"] * 2 + ["load_parcel"] * 3 + ["change_parcel"] * 5 + ["append"] * 2
    calls += ["remove"] + ["commit"] * 3 + ["rollback"] + ["change_each"] * 3 + ["page"]
    calls += ["tell"] * 2 + ["receive"]
    registrations = [
        Step(0, "register", person, email, 1) for person, email in zip(PEOPLE, EMAILS, strict=False)
    ]
    random_steps = [
        Step(
            random_.randrange(WRITERS),
            random_.choice(calls),
            random_.choice(PEOPLE),
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
    unit: Unit
    loaded: dict[str, Any] = field(factory=dict)
    parcels: dict[str, Parcel] = field(factory=dict)

    def register(self, step: Step) -> object:
        person = new_person(step.email, id=step.person)
        self.unit.people.add(person)
        self.loaded[person.id] = person
        return "staged"

    def load(self, step: Step) -> object:
        return self._seen(self.unit.people.get(step.person))

    def find(self, step: Step) -> object:
        return self._seen(self.unit.people.get_by_email(Email(step.email)))

    def change(self, step: Step) -> object:
        person = self.loaded.get(step.person)
        if person is None:
            return "nothing to change"
        if step.size % 2:
            person.change_email(Email(step.email), NOW)
        else:
            person.change_name(f"Name {step.size}", step.email.partition("@")[0], NOW)
        self.unit.people.save(person)
        return "changed"

    def save(self, step: Step) -> object:
        person = self.loaded.get(step.person)
        if person is None:
            return "nothing to save"
        self.unit.people.save(person)
        return "saved"

    def remove(self, step: Step) -> object:
        person = self.loaded.get(step.person)
        if person is None:
            return "nothing to remove"
        person.leave(NOW)
        self.unit.people.remove(person)
        return "removed"

    def place(self, step: Step) -> object:
        parcel = Parcel.place(id=step.person, sender_id=step.email, lines=(line("first"),), now=NOW)
        self.unit.parcels.add(parcel)
        self.parcels[parcel.id] = parcel
        return "staged"

    def load_parcel(self, step: Step) -> object:
        parcel = self.unit.parcels.get(step.person)
        self.parcels[parcel.id] = parcel
        return repr(parcel)

    def change_parcel(self, step: Step) -> object:
        parcel = self.parcels.get(step.person)
        if parcel is None:
            return "no parcel to change"
        sku = step.email.partition("@")[0]
        match step.size:
            case 1:
                parcel.add_line(line(sku), NOW)
            case 2:
                parcel.remove_line(sku, NOW)
            case 3:
                parcel.add_line(line(f"other-{sku}"), NOW)
            case _:
                parcel.pay(NOW)
        self.unit.parcels.save(parcel)
        return "changed"

    def append(self, step: Step) -> object:
        """To the stream of a parcel, past the aggregate, by a random expectation."""
        event = ParcelCancelled(parcel_id=step.person, reason=step.email, occurred_at=NOW)
        expectations: dict[int, ExpectedVersion] = {
            1: NoStream(),
            2: Exact(2),
            3: StreamExists(),
            4: Anything(),
        }
        expected = expectations[step.size]
        self.unit.streams.append(StreamId("Parcel", step.person), [event], expected)
        return "staged"

    def tell(self, step: Step) -> object:
        """A message by hand, whose id may be there."""
        message = OutboxMessage(
            message_id=f"note-{step.size}",
            message_type="Told",
            destination="people",
            ordering_key=step.person,
            payload=step.email.encode(),
            created_at=NOW,
        )
        self.unit.outbox.add(message)
        return "staged"

    def receive(self, step: Step) -> object:
        """A message from elsewhere, which may have been handled."""
        self.unit.inbox.remember(step.person, step.email, NOW)
        return self.unit.inbox.knows(step.person, step.email)

    def change_each(self, step: Step) -> object:
        """Every person, each in a unit of work of its own, while this one stays open.

        One of them is overtaken by somebody else, and all may want one address.
        """

        def change(unit: Unit, person_id: str) -> None:
            person = unit.people.get(person_id)
            if person_id == step.person:
                self._rename(person_id, "Overtaken", f"at {person.version}")
            if step.size % 2:
                person.change_email(Email(step.email), NOW)
            else:
                person.change_name(f"Name {step.size}", step.email.partition("@")[0], NOW)
            unit.people.save(person)

        results = commit_each(self.unit_of_work, PEOPLE, change)
        return [(result.id, described(result.error)) for result in results]

    def page(self, step: Step) -> object:
        first = self.unit.people.page(step.size)
        return [self._seen(person) for person in first.items], first.next_cursor is None

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
        self.parcels.clear()
        return "rolled back"

    def _rename(self, person_id: str, first_name: str, last_name: str) -> None:
        other: Unit
        with self.unit_of_work() as other:
            person = other.people.get(person_id)
            person.change_name(first_name, last_name, NOW)
            other.people.save(person)
            other.commit()

    def _seen(self, person: Any) -> object:
        self.loaded[person.id] = person
        return repr(person)


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
    """Every person, who is found by each address, and what happened to each parcel."""
    with store.unit_of_work() as unit:
        people = [repr(person) for person in unit.people.page(100).items]
        holders = {email: _holder(unit, email) for email in EMAILS}
    return people, holders, [_happened(store, person) for person in PEOPLE]


def _happened(store: Store, parcel_id: str) -> list[object]:
    stream = StreamId("Parcel", parcel_id)
    events = store.event_store().read(stream).events
    dispatched = [raw.is_dispatched for raw in store.provider.events().read(stream).events]
    return [
        dispatched,
        *((e.version, e.type, e.event, e.commit_first, e.commit_count) for e in events),
    ]


def pending(store: Store) -> dict[str, list[StoredMessage]]:
    """The pending messages of each ordering key that relays would find, in their order.

    The ordering keys are the ids of people and parcels.
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


def _holder(unit: Unit, email: str) -> str | None:
    try:
        holder: Person = unit.people.get_by_email(Email(email))
    except PersonNotFound:
        return None
    return holder.id
