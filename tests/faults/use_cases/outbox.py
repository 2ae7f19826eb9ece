"""The outbox, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from application.ports.relay_queue import Acknowledgement, FailedMessage
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.messages import ORDERING_KEY, key, message, taken, three, with_lease
from tests.times import NOW


def outbox(call: Callable[[Any], Any]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(service.container.outbox()).value


def one_published(service: Service) -> None:
    three(service)
    service.container.outbox().mark_as_published(key("1"))


def one_dead(service: Service) -> None:
    three(service)
    lease = taken(service)
    failed = FailedMessage(key=key("1"), error="no such queue", is_dead=True)
    given_up = Acknowledgement(lease=lease, at=service.time.now(), failed=failed)
    service.container.relay_queue().acknowledge(given_up).commit()


def of_outbox(name: str, call: Callable[[Any], Any], prepare: Any = three, case: str = "") -> Any:
    return UseCase(name=f"outbox.{name}", case=case, prepare=prepare, run=outbox(call))


OUTBOX = (
    of_outbox("add", lambda o: o.add(message("4"))),
    of_outbox("add", lambda o: o.add(message("3")), case="again"),
    of_outbox("add_many", lambda o: o.add_many([message(n) for n in "345"]), case="one again"),
    of_outbox(
        "add_many",
        lambda o: o.add_many([message(f"{n:03}") for n in range(1, 102)]),
        lambda _: None,
        case="in two transactions",
    ),
    of_outbox("get", lambda o: o.get(key("1"))),
    of_outbox("get", lambda o: o.get(key("4")), case="missing"),
    of_outbox("get_pending", lambda o: o.get_pending(ORDERING_KEY, 2)),
    of_outbox("mark_as_published", lambda o: o.mark_as_published(key("1"))),
    of_outbox("mark_as_published", lambda o: o.mark_as_published(key("4")), case="missing"),
    of_outbox(
        "mark_many_as_published", lambda o: o.mark_many_as_published([key(n) for n in "123"])
    ),
    of_outbox("increment_retry", lambda o: o.increment_retry(key("1"), "no such queue")),
    of_outbox("retry", lambda o: o.retry(key("1")), one_dead),
    of_outbox("retry", lambda o: o.retry(key("1")), case="of what is pending"),
    of_outbox("dead_letters", lambda o: o.dead_letters(9), one_dead),
    of_outbox("cleanup", lambda o: o.cleanup(NOW + timedelta(days=1)), one_published),
    of_outbox("statistics", lambda o: o.statistics(count_published=True), one_published),
    of_outbox("release", lambda o: o.release(ORDERING_KEY), with_lease),
    of_outbox("release", lambda o: o.release(ORDERING_KEY), case="not held"),
)
