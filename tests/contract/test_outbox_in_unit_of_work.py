"""What every adapter promises about messages that are committed with what they tell of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from attrs import evolve

from application.commit_each import commit_each
from application.errors import ItemWrittenTwice, LimitExceeded, UnitOfWorkMisused
from application.event_context import event_context
from application.integration_events import IntegrationEvent
from application.ports.event_store import EventMetadata
from application.ports.outbox import MessageAlreadyAdded, OutboxMessage
from domain.consistency import Anything, NoStream, StreamId
from domain.errors import ConcurrencyConflict, InvalidValue
from infrastructure.contexts.context import Context, Contexts
from infrastructure.metering import Usage
from infrastructure.outbox.table import MAX_MESSAGE
from infrastructure.unit_of_work import CommitOptions
from tests.contract.storing import address, facts, put, put_new, rename
from tests.contract.storing import stored as stored_person
from tests.events.samples import NOTED, OPTIONS, Noted, noted
from tests.outboxes import add, entries, message, message_of, pending, pending_ids, under_way
from tests.samples.contexts import Unit
from tests.samples.parcels import line, new_parcel
from tests.samples.people import Email, EmailTaken, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

NOTES = CommitOptions(
    contexts=Contexts(
        [
            Context(
                event_types=(NOTED,),
                integration_events=(IntegrationEvent("NoteTaken", Noted, "notes"),),
            )
        ]
    )
)
NOTE = StreamId("Note", "1")


def told(store: Store, ordering_key: str) -> list[tuple[str, str]]:
    """Which messages a parceling key has, each by its type and the version of its aggregate."""
    found = pending(store, ordering_key)
    return [(each.message_type, each.headers["aggregateVersion"]) for each in found]


def only(found: Sequence[OutboxMessage]) -> OutboxMessage:
    (message,) = found
    return message


def content(message: OutboxMessage) -> dict[str, Any]:
    """What the receivers of a message get."""
    content: dict[str, Any] = orjson.loads(message.payload)
    return content


class TestMessagesOfEvents:
    def test_registration_tells_who_registered(self, store: Store) -> None:
        with event_context(
            EventMetadata(correlation_id="request", causation_id="command", actor="bob")
        ):
            put_new(store, "ada")

        registered = only(pending(store, "ada"))
        version, index, commit_id = (registered.message_id or "").split("-", 2)
        assert (version, index, len(commit_id)) == ("000000000001", "000", 36)
        assert registered == OutboxMessage(
            message_id=registered.message_id,
            message_type="PersonRegistered",
            destination="people",
            ordering_key="ada",
            payload=registered.payload,
            headers={"aggregateVersion": "1"},
            aggregate_id="ada",
            aggregate_type="Person",
            correlation_id="request",
            causation_id="command",
            created_at=NOW,
        )
        assert content(registered) == {
            "occurred_at": "2046-11-20T12:00:00+00:00",
            "person_id": "ada",
            "email": "ada@example.com",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "role": "member",
        }

    def test_without_a_request_there_is_nothing_to_correlate(self, store: Store) -> None:
        put_new(store, "ada")

        registered = only(pending(store, "ada"))
        assert (registered.correlation_id, registered.causation_id) == (None, None)

    def test_parcel_that_is_placed_is_told_with_its_lines(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.parcels.add(new_parcel("algebra", id="parcel-1"))
            unit.commit()

        placed = only(pending(store, "parcel-1"))
        assert (placed.message_type, placed.destination) == ("ParcelPlaced", "parcels")
        assert (placed.aggregate_id, placed.aggregate_type) == ("parcel-1", "Parcel")
        assert content(placed)["lines"] == [
            {"sku": "algebra", "title": "A course", "quantity": 1, "unit_price_cents": 4900}
        ]

    def test_every_commit_adds_its_own_in_the_order_of_versions(self, store: Store) -> None:
        put_new(store, "ada")
        for number in range(11):
            with store.unit_of_work() as unit:
                person = unit.people.get("ada")
                person.unban(NOW) if number % 2 else person.ban(NOW)
                unit.people.save(person)
                unit.commit()

        changes = [["PersonBanned", "PersonUnbanned"][n % 2] for n in range(11)]
        assert told(store, "ada") == [
            ("PersonRegistered", "1"),
            *((change, str(version)) for version, change in enumerate(changes, 2)),
        ]

    def test_events_of_one_commit_are_told_in_their_order(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            person = new_person(id="ada")
            person.change_name("Augusta", "King", NOW)
            person.ban(NOW)
            person.unban(NOW)
            unit.people.add(person)
            parcel = new_parcel(id="parcel-1")
            parcel.add_line(line("topology"), NOW)
            parcel.cancel("too late", NOW)
            unit.parcels.add(parcel)
            unit.commit()

        assert told(store, "ada") == [
            ("PersonRegistered", "1"),
            ("PersonBanned", "1"),
            ("PersonUnbanned", "1"),
        ]
        assert told(store, "parcel-1") == [("ParcelPlaced", "1"), ("ParcelCancelled", "3")]
        commits = {
            (m.message_id or "")[17:] for k in ("ada", "parcel-1") for m in pending(store, k)
        }
        assert len(commits) == 1

    def test_removal_is_told_in_the_same_commit(self, store: Store) -> None:
        put_new(store, "ada")

        with store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.leave(NOW)
            unit.people.remove(person)
            unit.commit()

        with pytest.raises(PersonNotFound):
            stored_person(store, "ada")
        assert told(store, "ada") == [("PersonRegistered", "1"), ("PersonRemoved", "2")]
        assert content(pending(store, "ada")[1])["email"] == address("ada")

    def test_removal_that_is_refused_tells_nothing(self, store: Store) -> None:
        put_new(store, "ada")

        with store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.leave(NOW)
            unit.people.remove(person)
            rename(store, "ada", "Theirs")
            with pytest.raises(ConcurrencyConflict):
                unit.commit()
            unit.rollback()

        assert told(store, "ada") == [("PersonRegistered", "1")]

    def test_event_that_is_not_declared_is_not_told(self, store: Store) -> None:
        put_new(store, "ada")

        rename(store, "ada", "Augusta")

        assert told(store, "ada") == [("PersonRegistered", "1")]

    def test_each_of_many_commits_tells_of_its_own_person(self, store: Store) -> None:
        put_new(store, "fine", "stale", "taken", "holder")

        def ban(unit: Unit, person_id: str) -> None:
            person = unit.people.get(person_id)
            person.ban(NOW)
            if person_id == "stale":
                rename(store, "stale", "Theirs")
            if person_id == "taken":
                person.change_email(Email(address("holder")), NOW)
            unit.people.save(person)

        results = commit_each(store.unit_of_work, ["fine", "stale", "taken"], ban)

        assert [result.is_committed for result in results] == [True, False, False]
        registered = ("PersonRegistered", "1")
        assert told(store, "fine") == [registered, ("PersonBanned", "2")]
        assert told(store, "stale") == told(store, "taken") == [registered]

    def test_a_staged_message_is_left_to_the_commit_of_its_own_unit(self, store: Store) -> None:
        put_new(store, "ada")

        def ban(unit: Unit, person_id: str) -> None:
            person = unit.people.get(person_id)
            person.ban(NOW)
            unit.people.save(person)

        with store.unit_of_work() as unit:
            unit.outbox.add(message("by-hand", "other"))
            commit_each(store.unit_of_work, ["ada"], ban)
            between = (told(store, "ada")[1:], pending_ids(store, "other"))
            unit.commit()

        assert between == ([("PersonBanned", "2")], [])
        assert pending_ids(store, "other") == ["by-hand"]

    def test_refused_commit_tells_nothing(self, store: Store) -> None:
        put_new(store, "ada")

        with pytest.raises(EmailTaken):
            put(
                store, new_person("bob@example.com", id="bob"), new_person(address("ada"), id="eve")
            )

        assert [told(store, key) for key in ("bob", "eve")] == [[], []]


class TestMessagesOfStreams:
    @pytest.mark.parametrize("transactional", [True, False])
    def test_appended_events_are_told_under_the_id_of_their_stream(
        self, make_store: Callable[[], Store], transactional: bool
    ) -> None:
        store = evolve(make_store(), options=NOTES)
        metadata = EventMetadata(correlation_id="request", causation_id="command")

        notes = store.event_store(transactional=transactional)
        notes.append(NOTE, noted("a", "b"), NoStream(), metadata)
        notes.append(NOTE, noted("c"), Anything())

        found = pending(store, "1")
        assert [content(each)["text"] for each in found] == ["a", "b", "c"]
        assert told(store, "1") == [("NoteTaken", "1"), ("NoteTaken", "2"), ("NoteTaken", "3")]
        assert [each.correlation_id for each in found] == ["request", "request", None]
        assert {(m.destination, m.aggregate_id, m.aggregate_type) for m in found} == {
            ("notes", "1", "Note")
        }

    def test_refused_append_tells_nothing(self, make_store: Callable[[], Store]) -> None:
        store = evolve(make_store(), options=NOTES)
        store.event_store().append(NOTE, noted("a"), NoStream())

        with pytest.raises(ConcurrencyConflict):
            store.event_store().append(NOTE, noted("b"), NoStream())

        assert told(store, "1") == [("NoteTaken", "1")]

    def test_events_are_stored_as_dispatched_exactly_when_they_are_told(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            parcel = new_parcel(id="parcel-1")
            parcel.add_line(line("topology"), NOW)
            parcel.pay(NOW)
            unit.parcels.add(parcel)
            unit.commit()

        events = store.provider.events().read(StreamId("Parcel", "parcel-1")).events
        assert [(each.type, each.is_dispatched) for each in events] == [
            ("ParcelPlaced", True),
            ("LineAdded", False),
            ("ParcelPaid", True),
        ]

    def test_events_of_other_streams_are_not_told(self, make_store: Callable[[], Store]) -> None:
        store = evolve(make_store(), options=OPTIONS)

        store.event_store().append(NOTE, noted("a"), NoStream())

        (event,) = store.provider.events().read(NOTE).events
        assert (entries(store), event.is_dispatched) == ([], False)


class TestMessagesAddedByHand:
    def test_they_are_stored_with_everything_else(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            unit.outbox.add(message("9"))
            unit.outbox.add(message("1", "other", payload=b"\xff"))
            before = entries(store)
            unit.commit()

        assert before == []
        assert [m.message_type for m in pending(store, "ada")] == ["PersonRegistered"] * 2
        assert pending(store, "other") == [message("1", "other", payload=b"\xff")]

    def test_alone_they_can_be_all_that_is_committed(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.outbox.add(message(None, payload=b"first"))
            unit.outbox.add(message(None, payload=b"second"))
            unit.commit()

        assert [m.payload for m in pending(store)] == [b"first", b"second"]

    def test_conflict_stores_none(self, store: Store) -> None:
        put_new(store, "ada")

        with store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.ban(NOW)
            unit.people.save(person)
            unit.outbox.add(message("1", "other"))
            rename(store, "ada", "Theirs")
            with pytest.raises(ConcurrencyConflict):
                unit.commit()
            unit.rollback()
            unit.commit()

        assert pending(store, "other") == []

    def test_rollback_forgets_them(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.outbox.add(message())
            unit.rollback()
            unit.commit()

        assert entries(store) == []

    def test_leaving_the_block_without_a_commit_is_misuse_and_stores_none(
        self, store: Store
    ) -> None:
        with pytest.raises(UnitOfWorkMisused, match="commit"), store.unit_of_work() as unit:
            unit.outbox.add(message())

        assert entries(store) == []

    def test_each_is_stored_by_one_commit(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            for id_ in ("1", "2"):
                unit.outbox.add(message(id_))
                unit.commit()
            unit.commit()

        assert pending_ids(store) == ["1", "2"]

    def test_none_is_staged_while_a_commit_is_under_way(self, store: Store) -> None:
        with under_way(store) as unit:
            with pytest.raises(UnitOfWorkMisused, match="under way"):
                unit.outbox.add(message("2"))
            unit.rollback()
            unit.outbox.add(message("3"))

        assert entries(store) == []

    def test_one_that_is_refused_is_staged_by_nobody(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            for refused in (message(""), message("1", ""), message("!")):
                with pytest.raises(InvalidValue):
                    unit.outbox.add(refused)
            unit.commit()

        assert entries(store) == []

    def test_one_that_is_too_large_refuses_the_commit(self, store: Store) -> None:
        with store.unit_of_work() as unit, store.meter.measure() as used:
            unit.people.add(new_person(id="bob"))
            unit.outbox.add(message_of(MAX_MESSAGE + 1))
            with pytest.raises(LimitExceeded):
                unit.commit()
            unit.rollback()

        assert (used.requests, entries(store)) == (0, [])


class TestAMessageThatIsThereAlready:
    def test_it_refuses_the_whole_commit(self, store: Store) -> None:
        add(store, "1", payload=b"first")

        with store.unit_of_work() as unit:
            unit.people.add(new_person(id="bob"))
            unit.outbox.add(message("2"))
            unit.outbox.add(message("1", payload=b"second"))
            with pytest.raises(MessageAlreadyAdded) as refused:
                unit.commit()
            unit.rollback()

        assert facts(refused.value) == (MessageAlreadyAdded, "ada", "1")
        assert [m.payload for m in pending(store)] == [b"first"]
        with pytest.raises(PersonNotFound):
            stored_person(store, "bob")

    def test_in_one_commit_it_is_refused_before_anything_is_sent(self, store: Store) -> None:
        with store.unit_of_work() as unit, store.meter.measure() as used:
            unit.outbox.add(message("1"))
            unit.outbox.add(message("1"))
            with pytest.raises(ItemWrittenTwice):
                unit.commit()
            unit.rollback()

        assert (used.requests, entries(store)) == (0, [])


class TestWhatADestinationWouldRefuse:
    @pytest.fixture
    def store(self, make_store: Callable[[], Store]) -> Store:
        """An empty store that lets no message about `eve` out."""

        def check(checked: OutboxMessage) -> None:
            if checked.ordering_key == "eve":
                raise InvalidValue("ordering_key", "is not for the world outside")

        store = make_store()
        return evolve(store, options=evolve(store.options, check_message=check))

    def test_event_whose_message_is_refused_stores_nothing(self, store: Store) -> None:
        with store.unit_of_work() as unit, store.meter.measure() as used:
            unit.people.add(new_person(id="ada"))
            unit.people.add(new_person("eve@example.com", id="eve"))
            with pytest.raises(InvalidValue, match="world outside"):
                unit.commit()
            unit.rollback()

        assert (used.requests, entries(store)) == (0, [])
        with pytest.raises(PersonNotFound):
            stored_person(store, "ada")

    def test_refused_message_can_be_taken_back_and_the_rest_committed(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            with pytest.raises(InvalidValue, match="world outside"):
                unit.outbox.add(message("1", "eve"))
            unit.commit()

        assert told(store, "ada") == [("PersonRegistered", "1")]
        assert told(store, "eve") == []


def test_ids_of_messages_are_unique_to_their_commits(store: Store) -> None:
    """A person who registers again under the same id starts at version 1 again."""
    for _ in range(2):
        put_new(store, "ada")
        with store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.leave(NOW)
            unit.people.remove(person)
            unit.commit()

    assert told(store, "ada") == [
        *[("PersonRegistered", "1")] * 2,
        *[("PersonRemoved", "2")] * 2,
    ]


@pytest.mark.engine
def test_save_is_one_plain_write_unless_it_tells_something(ministack_store: Store) -> None:
    put_new(ministack_store, "ada")

    with ministack_store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.change_name("Augusta", "King", NOW)
        unit.people.save(person)
        with ministack_store.meter.measure() as untold:
            unit.commit()
        person.ban(NOW)
        unit.people.save(person)
        with ministack_store.meter.measure() as told:
            unit.commit()

    assert (untold, told) == (Usage(1, 0, 1), Usage(1, 0, 4))
