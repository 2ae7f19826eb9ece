"""Messages of one ordering key in the outbox, and the lease of a relay on that key."""

from __future__ import annotations

from datetime import timedelta

from application.ports.outbox import MessageKey, OutboxMessage
from application.ports.relay_queue import KeyLease
from tests.faults.matrix.service import Service
from tests.times import NOW

ORDERING_KEY = "ada"
LEASE = timedelta(seconds=30)


def message(message_id: str, key: str = ORDERING_KEY) -> OutboxMessage:
    return OutboxMessage(
        message_id=message_id,
        message_type="Greeted",
        destination="people",
        ordering_key=key,
        payload=b"{}",
        created_at=NOW,
    )


def key(message_id: str) -> MessageKey:
    return MessageKey(ORDERING_KEY, message_id)


def three(service: Service) -> None:
    service.container.outbox().add_many([message(n) for n in "123"])


def taken(service: Service, owner: str = "relay") -> KeyLease:
    now = service.time.now()
    lease = service.container.relay_queue().take(ORDERING_KEY, owner, now, now + LEASE)
    assert isinstance(lease, KeyLease)
    return lease


def with_lease(service: Service) -> KeyLease:
    three(service)
    return taken(service)
