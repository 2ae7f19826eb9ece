"""Sixteen deliveries of one message at once, in many rounds: each message has its effect once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.idempotent_receiver import Delivery, process_once
from tests.outboxes import message, pending_ids
from tests.race.races import WRITERS, Start, race, rounds_on
from tests.samples.contexts import Unit
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_deliveries_has_the_effect(racing_store: Store, start: Start) -> None:
    for number in range(rounds_on(racing_store)):
        delivery = Delivery(consumer="mailer", message_id=f"message-{number}", at=NOW)

        def deliver(
            writer: int, ready: Callable[[], None], delivery: Delivery = delivery
        ) -> tuple[bool, int]:
            def effect(unit: Unit) -> None:
                unit.outbox.add(message(f"{writer:02}", delivery.message_id))
                ready()

            return process_once(racing_store.unit_of_work, delivery, effect), writer

        outcomes = race(deliver, start)
        (winner,) = (writer for had_effect, writer in successes(outcomes) if had_effect)
        assert len(successes(outcomes)) == WRITERS
        assert pending_ids(racing_store, delivery.message_id) == [f"{winner:02}"]


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_deliveries_changes_what_others_change_too(
    racing_store: Store, start: Start
) -> None:
    """Whoever loses by the version of the person finds the message handled, and does not fail."""
    with racing_store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        unit.commit()
    for number in range(rounds_on(racing_store)):
        delivery = Delivery(consumer="mailer", message_id=f"message-{number}", at=NOW)

        def deliver(
            writer: int, ready: Callable[[], None], delivery: Delivery = delivery
        ) -> tuple[bool, int]:
            waits = [ready]

            def effect(unit: Unit) -> None:
                person = unit.people.get("ada")
                person.change_name(f"Writer {writer}", delivery.message_id, NOW)
                unit.people.save(person)
                while waits:
                    waits.pop()()

            return process_once(racing_store.unit_of_work, delivery, effect), writer

        outcomes = race(deliver, start)
        (winner,) = (writer for had_effect, writer in successes(outcomes) if had_effect)
        assert len(successes(outcomes)) == WRITERS
        with racing_store.unit_of_work() as unit:
            person = unit.people.get("ada")
        assert (person.version, person.first_name) == (number + 2, f"Writer {winner}")


def successes(outcomes: list[tuple[bool, int] | Exception]) -> list[tuple[bool, int]]:
    """What became of the deliveries that did not raise."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
