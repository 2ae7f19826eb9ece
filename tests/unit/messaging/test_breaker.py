"""A destination that is out is left alone, and tried by one request at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread

import pytest
from attrs import define, field
from structlog.testing import capture_logs

from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, Failed, NotSent, Outcome, Unavailable
from infrastructure.messaging.guarded_publisher import GuardedPublisher
from infrastructure.system.breakers import Breaker, BreakerOptions
from tests.messaging import message
from tests.unit.dynamodb.scripted import FakeTime

OUT = Unavailable("EndpointConnectionError")
THREE = [message(n, f"key-{n}") for n in range(3)]


@define
class Scripted:
    """Answers every message with the outcomes of a script in turn, the last one for ever."""

    outcomes: list[list[Outcome]]
    timeout: float = 7.0
    max_messages: int = 3
    is_available: bool = True
    requests: int = 0
    meanwhile: Callable[[], object] = lambda: None
    asked: list[Sequence[OutboxMessage]] = field(factory=list)

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        self.meanwhile()
        outcomes = self.outcomes[min(self.requests, len(self.outcomes) - 1)]
        self.requests += 1
        self.asked.append(messages)
        return outcomes[: len(messages)]


@define
class Guarded:
    """A guarded destination: after two failures it is left alone for ten seconds."""

    destination: Scripted
    time: FakeTime = field(factory=FakeTime)
    publisher: GuardedPublisher = field(init=False)

    def __attrs_post_init__(self) -> None:
        breaker = Breaker("people", BreakerOptions(2, 10), self.time.monotonic)
        self.publisher = GuardedPublisher(self.destination, breaker)

    def publish(self, times: int = 1) -> int:
        """Publishes so often; how many requests that made."""
        before = self.destination.requests
        for _ in range(times):
            self.publisher.publish(THREE)
        return self.destination.requests - before


def guarded(*outcomes: list[Outcome]) -> Guarded:
    return Guarded(Scripted(list(outcomes)))


def test_it_is_as_the_publisher_that_it_guards() -> None:
    publisher = guarded([Accepted()] * 3).publisher
    assert (publisher.timeout, publisher.max_messages, publisher.is_available) == (7.0, 3, True)
    assert publisher.publish(THREE) == [Accepted()] * 3


def test_after_some_failures_in_a_row_nothing_is_sent() -> None:
    of = guarded([OUT] * 3)
    assert of.publish(5) == 2
    assert not of.publisher.is_available
    assert set(of.publisher.publish(THREE)) == {
        Unavailable("the destination is out: it was not asked")
    }


def test_success_in_between_begins_the_count_anew() -> None:
    of = guarded([OUT] * 3, [Accepted()] * 3, [OUT] * 3, [Accepted()] * 3)
    assert of.publish(4) == 4
    assert of.publisher.is_available


@pytest.mark.parametrize(
    "outcomes",
    [
        [Failed("refused")] * 3,
        [OUT, Failed("refused"), OUT],
        [Accepted(), OUT, OUT],
    ],
    ids=["refused", "one refused", "one accepted"],
)
def test_destination_that_answers_for_any_message_is_not_out(outcomes: list[Outcome]) -> None:
    assert guarded(outcomes).publish(5) == 5


def test_what_was_not_sent_says_nothing_of_the_destination() -> None:
    assert guarded([OUT, NotSent(), NotSent()]).publish(5) == 2


def test_after_a_while_one_request_tries_it_again() -> None:
    of = guarded([OUT] * 3)
    of.publish(2)

    of.time.now = 9.9
    assert of.publish() == 0
    of.time.now = 10.0
    assert of.publisher.is_available
    assert of.publish(3) == 1
    of.time.now = 19.9
    assert of.publish() == 0
    of.time.now = 20.0
    assert of.publish() == 1


def test_request_that_succeeds_then_lets_all_others_pass() -> None:
    of = guarded([OUT] * 3, [OUT] * 3, [Accepted()] * 3)
    of.publish(2)
    of.time.now = 10.0

    assert of.publish(4) == 4
    assert of.publisher.is_available


def test_no_other_request_is_sent_while_one_tries_it() -> None:
    of = guarded([OUT] * 3)
    of.publish(2)
    of.time.now = 10.0
    meanwhile: list[object] = []
    of.destination.meanwhile = lambda: meanwhile.append(
        (of.publisher.is_available, set(of.publisher.publish(THREE)))
    )

    of.publish()

    assert meanwhile == [(False, {Unavailable("the destination is out: it was not asked")})]


def test_request_that_takes_long_holds_up_no_other_thread() -> None:
    of = guarded([Accepted()] * 3)
    is_asked, may_answer = Event(), Event()

    def wait() -> None:
        of.destination.meanwhile = lambda: None
        is_asked.set()
        assert may_answer.wait(30)

    of.destination.meanwhile = wait
    slow = Thread(target=of.publish)
    slow.start()
    assert is_asked.wait(30)

    assert of.publish() == 1

    may_answer.set()
    slow.join(30)
    assert not slow.is_alive()


def test_answer_from_before_it_was_left_alone_changes_nothing() -> None:
    of = guarded([OUT] * 3, [OUT] * 3, [Accepted()] * 3)

    def others_fail() -> None:
        of.destination.meanwhile = lambda: None
        of.publish(2)

    of.destination.meanwhile = others_fail
    of.publish()

    assert of.destination.requests == 3
    assert not of.publisher.is_available


def test_publisher_that_raises_does_not_keep_it_from_being_tried_again() -> None:
    of = guarded([OUT] * 3, [OUT] * 3, [Accepted()] * 3)
    of.publish(2)
    of.time.now = 10.0

    def fail() -> None:
        raise KeyError("a mistake")

    of.destination.meanwhile = fail
    with pytest.raises(KeyError, match="a mistake"):
        of.publish()
    of.destination.meanwhile = lambda: None
    of.time.now = 20.0

    assert of.publish() == 1


def test_nothing_to_publish_is_no_request_and_tries_nothing() -> None:
    of = guarded([OUT] * 3)
    of.publish(2)
    of.time.now = 10.0
    assert of.publisher.publish([]) == []
    assert of.publish() == 1


def test_log_says_once_that_it_is_out_and_once_that_it_works_again() -> None:
    out: list[Outcome] = [OUT] * 3
    of = guarded(out, out, out, out, out, [Accepted()] * 3)
    with capture_logs() as lines:
        for seconds in range(0, 100, 5):
            of.time.now = seconds
            of.publish(2)

    assert lines == [
        {
            "event": "circuit breaker opened",
            "what": "people",
            "reason": "EndpointConnectionError",
            "log_level": "warning",
        },
        {"event": "circuit breaker closed", "what": "people", "log_level": "info"},
    ]


def test_the_log_says_why_the_first_message_of_the_last_request_did_not_get_through() -> None:
    of = guarded([OUT, Unavailable("no connection"), Unavailable("no connection")])
    with capture_logs() as lines:
        of.publish(2)

    assert [line["reason"] for line in lines] == ["EndpointConnectionError"]
