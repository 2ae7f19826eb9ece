"""The same history on memory and on DynamoDB: the same results, errors and state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import evolve, fields

from application.orders.messages import ORDER_MESSAGES
from application.users.messages import USER_MESSAGES
from infrastructure.dynamodb.actions import Action, Kind
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from tests.parity.histories import Story, history, replay
from tests.stores import Store, client_of, dynamodb_store

HISTORIES = 40

Bug = Callable[[Action], list[Action]]
"""What a wrong provider sends in the place of an action."""


def differences(engine: LocalEngine, seeds: Sequence[int]) -> list[tuple[int, str]]:
    """The seeds of histories whose replays differ, each with what differs."""
    client = client_of(engine.endpoint_url)
    found: list[tuple[int, str]] = []
    for seed in seeds:
        expected = replay(Store("memory", MemoryProvider()), history(seed))
        actual = replay(dynamodb_store(engine.name, client), history(seed))
        parts = [each.name for each in fields(Story)]
        found += [(seed, p) for p in parts if getattr(expected, p) != getattr(actual, p)]
    return found


@pytest.mark.parametrize("first", range(0, HISTORIES, 10))
def test_both_providers_tell_the_same_story(engine: LocalEngine, first: int) -> None:
    assert differences(engine, range(first, first + 10)) == []


def test_the_histories_meet_every_kind_of_refusal() -> None:
    """Otherwise agreeing on them would prove little."""
    met = set()
    for seed in range(HISTORIES):
        for result in replay(Store("memory", MemoryProvider()), history(seed)).results:
            match result:
                case ("commit", (str(error), str())):
                    met.add(error)
                case ("save_many", list(outcomes)):
                    met |= {f"{error[0]} of one" for _, error in outcomes if error is not None}
    assert met >= {
        "ConcurrencyConflict",
        "EmailAlreadyRegistered",
        "ConcurrencyConflict of one",
        "EmailAlreadyRegistered of one",
        "MessageAlreadyAdded",
        "MessageAlreadyHandled",
    }


def test_the_histories_tell_of_every_event_that_leaves_but_bans() -> None:
    """Otherwise agreeing on the messages would prove little."""
    told: set[str] = set()
    for seed in range(HISTORIES):
        story = replay(Store("memory", MemoryProvider()), history(seed))
        told |= {each.message.message_type for found in story.messages.values() for each in found}
    declared = {each.name for each in (*USER_MESSAGES, *ORDER_MESSAGES)}
    assert told == declared - {"EmailVerified", "UserBanned", "UserUnbanned"} | {"Told"}


def drop_the_version_condition(action: Action) -> list[Action]:
    """A save that overwrites whatever is there."""
    if action.kind is Kind.PUT and action.repeatable:
        return [evolve(action, condition=None, owners=())]
    return [action]


def append_without_a_condition(action: Action) -> list[Action]:
    """An event that overwrites the one that is there."""
    if isinstance(action.model, EventModel):
        return [evolve(action, condition=None, owners=())]
    return [action]


def skip_the_claim(action: Action) -> list[Action]:
    """An address that nobody reserves."""
    taken = action.kind is Kind.PUT and isinstance(action.model, ClaimModel)
    return [] if taken else [action]


def forget_to_free_the_claim(action: Action) -> list[Action]:
    """An address that stays taken for ever."""
    freed = action.kind is Kind.DELETE and isinstance(action.model, ClaimModel)
    return [] if freed else [action]


def forget_the_message(action: Action) -> list[Action]:
    """State of which nobody is told."""
    told = isinstance(action.model, OutboxModel) and action.model.aggregate_id is not None
    return [] if told else [action]


@pytest.mark.engine
@pytest.mark.parametrize(
    "bug",
    [
        drop_the_version_condition,
        skip_the_claim,
        forget_to_free_the_claim,
        append_without_a_condition,
    ],
    ids=lambda bug: bug.__name__,
)
def test_a_planted_bug_is_found(
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch, bug: Bug
) -> None:
    plant(bug, monkeypatch)
    assert differences(ministack, range(10)) != []


@pytest.mark.engine
def test_a_forgotten_message_is_found_among_the_messages_alone(
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(forget_the_message, monkeypatch)
    assert {part for _, part in differences(ministack, range(10))} == {"messages"}


def plant(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = DynamoDBProvider.begin

    def buggy(provider: DynamoDBProvider, commit_id: str, actions: Sequence[Action]) -> object:
        return begin(provider, commit_id, [a for action in actions for a in bug(action)])

    monkeypatch.setattr(DynamoDBProvider, "begin", buggy)
