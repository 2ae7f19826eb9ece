"""https://dcb.events/examples/unique-username/

A name belongs to one account at a time, and after it was given up it rests for three days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

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

RETENTION = timedelta(days=3)


@frozen(kw_only=True)
class AccountRegistered(DomainEvent):
    username: str


@frozen(kw_only=True)
class AccountClosed(DomainEvent):
    username: str


@frozen(kw_only=True)
class UsernameChanged(DomainEvent):
    old: str
    new: str


CONTEXT = Context(
    event_types=tuple(
        EventType(cls.__name__, cls) for cls in (AccountRegistered, AccountClosed, UsernameChanged)
    )
)


def of_name(username: str) -> Tag:
    return Tag(f"username:{username}")


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def registered(username: str, days: int = 0) -> TaggedEvent:
    event = AccountRegistered(username=username, occurred_at=ago(days))
    return TaggedEvent(event=event, tags=(of_name(username),))


def closed(username: str, days: int) -> TaggedEvent:
    event = AccountClosed(username=username, occurred_at=ago(days))
    return TaggedEvent(event=event, tags=(of_name(username),))


def changed(old: str, new: str, days: int) -> TaggedEvent:
    event = UsernameChanged(old=old, new=new, occurred_at=ago(days))
    return TaggedEvent(event=event, tags=(of_name(old), of_name(new)))


def is_claimed(username: str, last: DomainEvent) -> bool:
    """Whether the name is taken, or rests, after the last event that is about it."""
    match last:
        case AccountRegistered():
            return True
        case UsernameChanged(new=new) if new == username:
            return True
        case _:
            return last.occurred_at >= NOW - RETENTION


def register(username: str) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        happened, condition = read(dcb, Query.of(of_name(username)))
        if happened and is_claimed(username, happened[-1]):
            raise Refused(f'Username "{username}" is claimed')
        return Decision(registered(username), condition)

    return decide


@pytest.mark.parametrize(
    ("given", "username", "is_free"),
    [
        ([registered("u1")], "u1", False),
        ([], "u1", True),
        ([registered("u1", 4), closed("u1", 4)], "u1", True),
        ([registered("u1", 4), changed("u1", "u1changed", 4)], "u1", True),
        ([registered("u1", 4), changed("u1", "u1changed", 4)], "u1changed", False),
        ([registered("u1", 4), closed("u1", 3)], "u1", False),
        ([registered("u1", 4), changed("u1", "u1changed", 3)], "u1", False),
    ],
)
def test_unique_username(
    dcb: DcbStore, given: list[TaggedEvent], username: str, is_free: bool
) -> None:
    then = registered(username) if is_free else f'Username "{username}" is claimed'
    check(dcb, given=given, when=register(username), then=then)


def test_two_who_want_one_name_at_once_do_not_both_get_it(dcb: DcbStore) -> None:
    given = [registered("u1", 9), closed("u1", 9)]
    check_only_one(dcb, given=given, when=[register("u1"), register("u1")])
