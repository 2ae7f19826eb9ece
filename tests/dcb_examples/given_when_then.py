"""How the examples of the specification are told: given events, when a command comes, then that."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from attrs import frozen

from application.append_decision import domain_events
from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import AppendCondition, AppendConditionFailed, Query, TaggedEvent


class Refused(Exception):
    """A rule does not allow it."""


@frozen
class Decision:
    """The event that a command leads to, and what it was decided on."""

    event: TaggedEvent
    condition: AppendCondition


Command = Callable[[DcbStore], Decision]
"""Reads, and decides or raises `Refused`."""


def read(dcb: DcbStore, query: Query) -> tuple[Sequence[DomainEvent], AppendCondition]:
    """What happened, and the condition that nothing else did since."""
    found = dcb.read(query)
    return domain_events(found.events), found.condition


def check(
    dcb: DcbStore, *, given: Sequence[TaggedEvent], when: Command, then: TaggedEvent | str
) -> None:
    """Then the event is appended, or the command is refused in these words."""
    dcb.append(given)
    before = dcb.latest_position()
    if isinstance(then, str):
        with pytest.raises(Refused, match=f"^{re.escape(then)}$"):
            when(dcb)
        assert dcb.latest_position() == before
        return
    decision = when(dcb)
    dcb.append([decision.event], decision.condition)
    (appended,) = dcb.read(Query.of(*then.tags), after=before).events
    assert (appended.event, set(appended.tags)) == (then.event, set(then.tags))


def check_only_one(dcb: DcbStore, *, given: Sequence[TaggedEvent], when: Sequence[Command]) -> None:
    """Of commands that all decide before any appends, the first one alone is stored."""
    dcb.append(given)
    first, *others = [command(dcb) for command in when]
    stored = dcb.append([first.event], first.condition)
    for other in others:
        with pytest.raises(AppendConditionFailed):
            dcb.append([other.event], other.condition)
    assert dcb.latest_position() == stored
