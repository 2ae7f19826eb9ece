"""https://dcb.events/examples/opt-in-token/

A sign-up is confirmed by a one-time password, once and within the hour.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import frozen

from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import Query, Tag, TaggedEvent
from infrastructure.contexts.context import Context
from infrastructure.events.registry import EventType
from tests.dcb_examples.given_when_then import (
    Command,
    Decision,
    Refused,
    check,
    check_only_one,
    read,
)
from tests.times import NOW

LIFETIME = timedelta(minutes=60)
JOHN, JANE = "john.doe@example.com", "jane.doe@example.com"


@frozen(kw_only=True)
class SignUpInitiated(DomainEvent):
    email: str
    otp: str
    name: str


@frozen(kw_only=True)
class SignUpConfirmed(DomainEvent):
    email: str
    otp: str
    name: str


CONTEXT = Context(
    event_types=tuple(EventType(cls.__name__, cls) for cls in (SignUpInitiated, SignUpConfirmed))
)


def tags(email: str, otp: str) -> tuple[Tag, ...]:
    return Tag(f"email:{email}"), Tag(f"otp:{otp}")


def initiated(email: str, otp: str, minutes_ago: int = 0) -> TaggedEvent:
    at = NOW - timedelta(minutes=minutes_ago)
    event = SignUpInitiated(email=email, otp=otp, name="John Doe", occurred_at=at)
    return TaggedEvent(event=event, tags=tags(email, otp))


def confirmed(email: str, otp: str) -> TaggedEvent:
    event = SignUpConfirmed(email=email, otp=otp, name="John Doe", occurred_at=NOW)
    return TaggedEvent(event=event, tags=tags(email, otp))


def confirm(email: str, otp: str) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        happened, condition = read(dcb, Query.of(*tags(email, otp)))
        pending = [e for e in happened if isinstance(e, SignUpInitiated)]
        if not pending:
            raise Refused("No pending sign-up for this OTP / email address")
        if any(isinstance(e, SignUpConfirmed) for e in happened):
            raise Refused("OTP was already used")
        if pending[-1].occurred_at < NOW - LIFETIME:
            raise Refused("OTP expired")
        return Decision(confirmed(email, otp), condition)

    return decide


UNKNOWN = "No pending sign-up for this OTP / email address"


@pytest.mark.parametrize(
    ("given", "when", "then"),
    [
        ([], confirm(JOHN, "000000"), UNKNOWN),
        ([initiated(JOHN, "111111")], confirm(JANE, "111111"), UNKNOWN),
        (
            [initiated(JOHN, "222222"), confirmed(JOHN, "222222")],
            confirm(JOHN, "222222"),
            "OTP was already used",
        ),
        ([initiated(JOHN, "333333", 61)], confirm(JOHN, "333333"), "OTP expired"),
        ([initiated(JOHN, "333333", 60)], confirm(JOHN, "333333"), confirmed(JOHN, "333333")),
        ([initiated(JOHN, "444444")], confirm(JOHN, "444444"), confirmed(JOHN, "444444")),
    ],
)
def test_opt_in_token(
    dcb: DcbStore, given: list[TaggedEvent], when: Command, then: TaggedEvent | str
) -> None:
    check(dcb, given=given, when=when, then=then)


def test_a_token_that_is_presented_twice_at_once_counts_once(dcb: DcbStore) -> None:
    given = [initiated(JOHN, "444444")]
    check_only_one(dcb, given=given, when=[confirm(JOHN, "444444")] * 2)
