"""The idempotent receiver of messages, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from application.idempotent_receiver import Delivery, process_once
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.changes import ADA, Change, ada, ban, changed, committed, removed
from tests.samples.contexts import Unit
from tests.times import NOW

DELIVERY = Delivery(consumer="mailer", message_id="message-1", at=NOW)


def receive(effect: Change) -> Callable[[Service, Any], object]:
    def run(service: Service, _: object = None) -> object:
        def take_effect(unit: Unit) -> None:
            effect(unit)

        return process_once(service.container.unit_of_work, DELIVERY, take_effect)

    return run


def received(service: Service) -> None:
    ada(service)
    receive(changed(ban))(service, None)


IDEMPOTENT_RECEIVER = (
    UseCase(
        name="process_once",
        prepare=ada,
        run=receive(changed(ban)),
        others={"the same": receive(changed(ban)), "a removal": committed(removed(ADA))},
    ),
    UseCase(name="process_once", case="again", prepare=received, run=receive(changed(ban))),
    UseCase(name="process_once", case="without an effect", run=receive(lambda _: None)),
)
