"""What every adapter promises about messages that are delivered more than once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.errors import UnitOfWorkMisused
from application.idempotent_receiver import Delivery, process_once
from application.ports.inbox import MessageAlreadyHandled
from application.ports.outbox import MessageAlreadyAdded
from domain.errors import InvalidValue
from infrastructure.metering import Usage
from tests.contract.storing import HOSTILE_IDS, facts, names, put_new, rename, stored
from tests.outboxes import add, message, pending_ids, under_way
from tests.samples.contexts import Unit
from tests.samples.people import PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

UNFIT = [*(text for kind, text in HOSTILE_IDS.items() if kind != "claim"), "x" * 1025]
ID = "000000000001-000-018f6e1e-7d5c-7000-8000-000000000001"


def deliver(
    store: Store,
    effect: Callable[[Unit], None],
    *,
    consumer: str = "mailer",
    message_id: str = ID,
) -> bool:
    delivery = Delivery(consumer=consumer, message_id=message_id, at=NOW)
    return process_once(store.unit_of_work, delivery, effect)


def note(unit: Unit) -> None:
    """An effect that can be counted."""
    unit.outbox.add(message(None))


def effects(store: Store) -> int:
    return len(pending_ids(store))


def is_handled(store: Store, consumer: str = "mailer", message_id: str = ID) -> bool:
    with store.unit_of_work() as unit:
        return unit.inbox.knows(consumer, message_id)


class TestReceiving:
    def test_message_has_its_effect_once_however_often_it_is_delivered(self, store: Store) -> None:
        assert [deliver(store, note) for _ in range(3)] == [True, False, False]
        assert effects(store) == 1

    def test_every_consumer_has_its_own(self, store: Store) -> None:
        for consumer in ("mailer", "mail", "billing"):
            assert deliver(store, note, consumer=consumer)

        assert not deliver(store, note, consumer="mail")
        assert effects(store) == 3

    def test_every_message_has_its_own(self, store: Store) -> None:
        for message_id in ("1", "12", "1#2", "é 1"):
            assert [deliver(store, note, message_id=message_id) for _ in range(2)] == [True, False]

        assert effects(store) == 4

    def test_longest_names_fit_together(self, store: Store) -> None:
        names = {"consumer": "x" * 1023, "message_id": "é" * 512}

        assert [deliver(store, note, **names) for _ in range(2)] == [True, False]

    def test_message_without_an_effect_is_handled_too(self, store: Store) -> None:
        assert [deliver(store, lambda _: None) for _ in range(2)] == [True, False]
        assert is_handled(store)

    def test_effect_that_fails_leaves_no_trace_and_happens_next_time(self, store: Store) -> None:
        def fail(unit: Unit) -> None:
            unit.people.add(new_person(id="ada"))
            raise RuntimeError("boom")

        with pytest.raises(RuntimeError, match="boom"):
            deliver(store, fail)

        assert not is_handled(store)
        with pytest.raises(PersonNotFound):
            stored(store, "ada")
        assert deliver(store, note)

    def test_effect_is_decided_anew_where_somebody_else_came_first(self, store: Store) -> None:
        put_new(store, "ada")
        meanwhile = iter(["Augusta", "Countess"])

        def ban(unit: Unit) -> None:
            person = unit.people.get("ada")
            for name in meanwhile:
                rename(store, "ada", name)
                break
            person.ban(NOW)
            unit.people.save(person)

        assert deliver(store, ban)
        assert names(store, "ada") == ["Countess"]
        assert (stored(store, "ada")["is_banned"], stored(store, "ada")["version"]) == (True, 4)
        assert not deliver(store, ban)

    def test_effect_is_dropped_where_the_message_was_handled_meanwhile(self, store: Store) -> None:
        def overtaken(unit: Unit) -> None:
            assert deliver(store, note)
            note(unit)

        assert not deliver(store, overtaken)
        assert effects(store) == 1


class TestRemembering:
    def test_message_that_was_handled_is_told_before_anything_else_that_is_wrong(
        self, store: Store
    ) -> None:
        put_new(store, "ada")

        with store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.ban(NOW)
            unit.people.save(person)
            unit.inbox.remember("mailer", ID, NOW)
            deliver(store, lambda _: rename(store, "ada", "Theirs"))
            with pytest.raises(MessageAlreadyHandled) as refused:
                unit.commit()
            unit.rollback()

        assert facts(refused.value) == (MessageAlreadyHandled, "mailer", ID)
        assert stored(store, "ada")["is_banned"] is False

    def test_message_is_known_once_it_is_committed(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.inbox.remember("mailer", ID, NOW)
            before = is_handled(store)
            unit.commit()
            assert unit.inbox.knows("mailer", ID)

        assert (before, is_handled(store)) == (False, True)
        assert [is_handled(store, "mail"), is_handled(store, message_id="1")] == [False, False]

    def test_message_is_remembered_once_in_a_commit(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.inbox.remember("mailer", ID, NOW)
            unit.inbox.remember("mailer", ID, NOW)
            unit.inbox.remember("mailer", "2", NOW)
            unit.commit()

        assert [is_handled(store), is_handled(store, message_id="2")] == [True, True]

    def test_conflict_of_something_else_remembers_nothing(self, store: Store) -> None:
        add(store, "1")

        with store.unit_of_work() as unit:
            unit.inbox.remember("mailer", ID, NOW)
            unit.outbox.add(message("1"))
            with pytest.raises(MessageAlreadyAdded):
                unit.commit()
            unit.rollback()

        assert not is_handled(store)

    def test_rollback_forgets_what_was_to_be_remembered(self, store: Store) -> None:
        with store.unit_of_work() as unit:
            unit.inbox.remember("mailer", ID, NOW)
            unit.rollback()
            unit.commit()

        assert not is_handled(store)

    def test_leaving_the_block_without_a_commit_is_misuse(self, store: Store) -> None:
        with pytest.raises(UnitOfWorkMisused, match="commit"), store.unit_of_work() as unit:
            unit.inbox.remember("mailer", ID, NOW)

        assert not is_handled(store)

    def test_nothing_is_remembered_while_a_commit_is_under_way(self, store: Store) -> None:
        with under_way(store) as unit, pytest.raises(UnitOfWorkMisused, match="under way"):
            unit.inbox.remember("mailer", "2", NOW)

        assert not is_handled(store)


class TestRefusals:
    def test_consumer_that_cannot_be_stored_is_refused(self, store: Store) -> None:
        for consumer in (*UNFIT, "x" * 1024, "a#b", "#"):
            assert refused_field(store, consumer, ID) == "consumer"

    def test_message_id_that_cannot_be_stored_is_refused(self, store: Store) -> None:
        for message_id in UNFIT:
            assert refused_field(store, "mailer", message_id) == "message_id"

    def test_moment_without_its_zone_is_refused(self, store: Store) -> None:
        with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
            unit.inbox.remember("mailer", ID, NOW.replace(tzinfo=None))

        assert refused.value.field == "at"


def refused_field(store: Store, consumer: str, message_id: str) -> str:
    """Which name is refused wherever it is given. Nothing is sent."""
    with store.meter.measure() as used, store.unit_of_work() as unit:
        with pytest.raises(InvalidValue) as refused:
            unit.inbox.remember(consumer, message_id, NOW)
        with pytest.raises(InvalidValue):
            unit.inbox.knows(consumer, message_id)
    with pytest.raises(InvalidValue):
        deliver(store, note, consumer=consumer, message_id=message_id)
    assert used.requests == 0
    return refused.value.field


@pytest.mark.engine
def test_processing_costs_one_read_and_the_processed_message(ministack_store: Store) -> None:
    with ministack_store.meter.measure() as first:
        deliver(ministack_store, lambda _: None)
    with ministack_store.meter.measure() as again:
        deliver(ministack_store, lambda _: None)

    assert (first, again) == (Usage(2, 1, 1), Usage(1, 1, 0))
