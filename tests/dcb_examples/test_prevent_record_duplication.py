"""https://dcb.events/examples/prevent-record-duplication/

A request that is sent twice, with one idempotency token, places one order.
"""

from __future__ import annotations

import pytest
from attrs import frozen

from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import AppendConditionFailed, Query, Tag, TaggedEvent
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


@frozen(kw_only=True)
class OrderPlaced(DomainEvent):
    order: str
    token: str


CONTEXT = Context(event_types=(EventType("OrderPlaced", OrderPlaced),))


def of_token(token: str) -> Tag:
    return Tag(f"idempotency:{token}")


def placed(order: str, token: str) -> TaggedEvent:
    event = OrderPlaced(order=order, token=token, occurred_at=NOW)
    return TaggedEvent(event=event, tags=(Tag(f"order:{order}"), of_token(token)))


def place(order: str, token: str) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        happened, condition = read(dcb, Query.of(of_token(token)))
        if happened:
            raise Refused("Re-submission")
        return Decision(placed(order, token), condition)

    return decide


def test_a_token_that_was_used_is_refused(dcb: DcbStore) -> None:
    given = [placed("o12345", "11111")]
    check(dcb, given=given, when=place("o54321", "11111"), then="Re-submission")


def test_a_new_token_places_an_order(dcb: DcbStore) -> None:
    given = [placed("o12345", "11111")]
    check(dcb, given=given, when=place("o54321", "22222"), then=placed("o54321", "22222"))


def test_a_request_that_comes_twice_at_once_counts_once(dcb: DcbStore) -> None:
    when = [place("o12345", "11111"), place("o54321", "11111")]
    check_only_one(dcb, given=[], when=when)


def test_the_store_has_this_ready_made(dcb: DcbStore) -> None:
    dcb.append_if_unique(of_token("11111"), placed("o12345", "11111"))
    with pytest.raises(AppendConditionFailed):
        dcb.append_if_unique(of_token("11111"), placed("o54321", "11111"))
