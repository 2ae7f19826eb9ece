"""Requests that clients repeat, as the fault matrix calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from application.idempotent_request import Keep, answer_once
from application.ports.inbox import RepeatableRequest
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.changes import ada, add_parcel, ban, changed, committed
from tests.samples.contexts import Unit
from tests.times import NOW

REQUEST = RepeatableRequest(client="http ada", key="key-1", fingerprint="same", at=NOW)


def asked(change: Callable[[Unit], Any]) -> Callable[[Service, Any], object]:
    """A request of a client, as it may be repeated."""

    def run(service: Service, _: object = None) -> object:
        def handle(keep: Keep[Any]) -> Any:
            with service.container.unit_of_work() as container_unit:
                unit: Unit = container_unit
                result = change(unit)
                keep(unit, result)
                unit.commit()
            return result

        def answer(result: Any) -> bytes:
            return str(result.version).encode()

        return answer_once(service.container.unit_of_work, REQUEST, handle, answer)

    return run


def asked_before(service: Service) -> None:
    ada(service)
    asked(changed(ban))(service, None)


def change_name(person: Any) -> None:
    person.change_name("Theirs", "King", NOW)


IDEMPOTENT_REQUEST = (
    UseCase(
        name="answer_once",
        prepare=ada,
        run=asked(changed(ban)),
        others={"a name": committed(changed(change_name)), "the same": asked(changed(ban))},
    ),
    UseCase(name="answer_once", case="again", prepare=asked_before, run=asked(changed(ban))),
    UseCase(name="answer_once", case="a new parcel", run=asked(add_parcel)),
)
