"""The queue that relays work through, as the fault matrix calls it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from application.ports.relay_queue import Acknowledgement, FailedMessage, KeyLease
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.messages import LEASE, ORDERING_KEY, key, taken, three, with_lease
from tests.times import NOW


def with_lease_of_another(service: Service) -> None:
    three(service)
    taken(service, "another")


def with_lost_lease(service: Service) -> KeyLease:
    lease = with_lease(service)
    service.time.turn(LEASE.total_seconds())
    taken(service, "another")
    return lease


def pending(service: Service, _: object) -> object:
    found = service.container.relay_queue().pending()
    return [(each.ordering_key, sorted(each.message_ids)) for each in found]


def take(service: Service, _: object) -> object:
    now = service.time.now()
    return service.container.relay_queue().take(ORDERING_KEY, "relay", now, now + LEASE)


def acknowledge(service: Service, lease: KeyLease) -> None:
    done = Acknowledgement(lease=lease, at=NOW, published=[key("1"), key("2")])
    service.container.relay_queue().acknowledge(done).commit()


def fail(service: Service, lease: KeyLease) -> None:
    failed = FailedMessage(key=key("1"), error="no such queue", is_dead=False)
    later = NOW + timedelta(seconds=5)
    done = Acknowledgement(lease=lease, at=NOW, failed=failed, next_attempt=later)
    service.container.relay_queue().acknowledge(done).commit()


def give_back(service: Service, lease: KeyLease) -> None:
    service.container.relay_queue().acknowledge(Acknowledgement(lease=lease, at=NOW)).commit()


def of_queue(name: str, prepare: Any, run: Any, case: str = "") -> UseCase:
    return UseCase(name=f"relay_queue.{name}", case=case, prepare=prepare, run=run)


RELAY_QUEUE = (
    of_queue("pending", three, pending),
    of_queue("take", three, take),
    of_queue("take", with_lease_of_another, take, "held by another"),
    of_queue("read", with_lease, lambda s, lease: s.container.relay_queue().read(lease, "123", 2)),
    of_queue("acknowledge", with_lease, acknowledge),
    of_queue("acknowledge", with_lease, fail, "a failure"),
    of_queue("acknowledge", with_lease, give_back, "nothing"),
    of_queue("acknowledge", with_lost_lease, acknowledge, "too late"),
)
