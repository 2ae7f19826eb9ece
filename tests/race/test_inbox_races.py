"""Sixteen deliveries of one message at once, fifty messages: every one has its effect once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.idempotent_receiver import Delivery, process_once
from application.ports.unit_of_work import UnitOfWork
from tests.outboxes import message, pending_ids
from tests.race.races import ROUNDS, WRITERS, Start, race
from tests.stores import Store
from tests.users import NOW, new_user

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_deliveries_has_the_effect(racing_store: Store, start: Start) -> None:
    for number in range(ROUNDS):
        delivery = Delivery(consumer="mailer", message_id=f"message-{number}", at=NOW)

        def deliver(
            writer: int, ready: Callable[[], None], delivery: Delivery = delivery
        ) -> tuple[bool, int]:
            def effect(unit: UnitOfWork) -> None:
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
    """Whoever loses by the version of the user finds the message handled, and does not fail."""
    with racing_store.unit_of_work() as unit:
        unit.users.add(new_user(id="ada"))
        unit.commit()
    for number in range(ROUNDS):
        delivery = Delivery(consumer="mailer", message_id=f"message-{number}", at=NOW)

        def deliver(
            writer: int, ready: Callable[[], None], delivery: Delivery = delivery
        ) -> tuple[bool, int]:
            waits = [ready]

            def effect(unit: UnitOfWork) -> None:
                user = unit.users.get("ada")
                user.change_name(f"Writer {writer}", delivery.message_id, NOW)
                unit.users.save(user)
                while waits:
                    waits.pop()()

            return process_once(racing_store.unit_of_work, delivery, effect), writer

        outcomes = race(deliver, start)
        (winner,) = (writer for had_effect, writer in successes(outcomes) if had_effect)
        assert len(successes(outcomes)) == WRITERS
        with racing_store.unit_of_work() as unit:
            user = unit.users.get("ada")
        assert (user.version, user.first_name) == (number + 2, f"Writer {winner}")


def successes(outcomes: list[tuple[bool, int] | Exception]) -> list[tuple[bool, int]]:
    """What became of the deliveries that did not raise."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
