"""Destinations within the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from structlog.testing import capture_logs

from application.ports.publisher import Accepted
from infrastructure.messaging.local import LogPublisher, MemoryPublisher
from tests.messaging import bare_message, message


def test_the_log_has_a_line_a_message_and_not_what_it_holds() -> None:
    with capture_logs() as lines:
        assert LogPublisher().publish([message(), bare_message(2)]) == [Accepted(), Accepted()]
    known = {
        "event": "message published",
        "log_level": "info",
        "destination": "people",
        "message_type": "PersonRegistered",
        "ordering_key": "ada",
    }
    assert lines == [
        {
            **known,
            "message_id": "000000000001-000-commit",
            "aggregate_id": "ada",
            "aggregate_type": "Person",
            "correlation_id": "request-1",
            "causation_id": "event-1",
            "payload_bytes": 27,
        },
        {
            **known,
            "message_id": "000000000002-000-commit",
            "aggregate_id": None,
            "aggregate_type": None,
            "correlation_id": None,
            "causation_id": None,
            "payload_bytes": 27,
        },
    ]


def test_memory_keeps_what_was_published_oldest_first() -> None:
    publisher = MemoryPublisher()
    publisher.publish([message(1), message(2)])
    publisher.publish([message(3)])
    assert publisher.published == [message(1), message(2), message(3)]


def test_what_memory_keeps_is_its_own() -> None:
    publisher = MemoryPublisher()
    headers = {"version": "1"}
    publisher.publish([message(headers=headers)])
    headers["version"] = "2"
    publisher.published.clear()
    seen = publisher.published[0].headers
    assert isinstance(seen, dict)
    seen["version"] = "3"
    assert publisher.published == [message(headers={"version": "1"})]


def test_memory_loses_nothing_that_many_threads_publish_at_once() -> None:
    publisher = MemoryPublisher()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: publisher.publish([message(n)]), range(200)))
    assert sorted(str(m.message_id) for m in publisher.published) == [
        message(n).message_id for n in range(200)
    ]
