"""Sixteen requests under one key at once, in many rounds: one effect, and one answer for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.idempotent_request import Keep, answer_once
from application.ports.inbox import RepeatableRequest
from tests.outboxes import message, pending_ids
from tests.race.races import Start, race, rounds_on
from tests.stores import Store
from tests.times import NOW

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_all_have_the_answer_of_the_one_that_had_the_effect(
    racing_store: Store, start: Start
) -> None:
    for number in range(rounds_on(racing_store)):
        key = f"key-{number}"
        request = RepeatableRequest(client="http ada", key=key, fingerprint="same", at=NOW)

        def ask(
            writer: int,
            ready: Callable[[], None],
            request: RepeatableRequest = request,
        ) -> bytes:
            def handle(keep: Keep[str]) -> str:
                result = f"{writer:02}"
                with racing_store.unit_of_work() as unit:
                    unit.outbox.add(message(result, request.key))
                    keep(unit, result)
                    ready()
                    unit.commit()
                return result

            return answer_once(racing_store.unit_of_work, request, handle, str.encode)

        answers = race(ask, start)

        (answer,) = set(answers)
        assert isinstance(answer, bytes)
        assert pending_ids(racing_store, key) == [answer.decode()]
