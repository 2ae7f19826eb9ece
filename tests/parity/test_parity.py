"""The same history on memory and on DynamoDB: the same results, errors and state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from attrs import evolve, fields

from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from tests.parity.histories import Story, history, replay
from tests.samples.parcels import PARCEL_INTEGRATION_EVENTS
from tests.samples.people import PERSON_INTEGRATION_EVENTS
from tests.stores import Store, client_of, dynamodb_store

HISTORIES = (0, 3, 8, 9, 12, 19, 22, 23, 28, 32)
"""Seeds of histories that between them meet every kind of refusal and tell of every event."""

Bug = Callable[[ItemAction], list[ItemAction]]
"""What a wrong provider sends in the place of an action."""


def differences(engine: LocalEngine, seeds: Sequence[int] = HISTORIES) -> Iterator[tuple[int, str]]:
    """The seeds of histories whose replays differ, each with what differs."""
    client = client_of(engine.endpoint_url)
    for seed in seeds:
        expected = replay(Store("memory", MemoryProvider()), history(seed))
        actual = replay(dynamodb_store(engine.name, client), history(seed))
        parts = [each.name for each in fields(Story)]
        yield from ((seed, p) for p in parts if getattr(expected, p) != getattr(actual, p))


@pytest.mark.parametrize("seed", HISTORIES)
def test_both_providers_tell_the_same_story(engine: LocalEngine, seed: int) -> None:
    assert list(differences(engine, [seed])) == []


def test_the_histories_meet_every_kind_of_refusal() -> None:
    """Otherwise agreeing on them would prove little."""
    met = set()
    for seed in HISTORIES:
        for result in replay(Store("memory", MemoryProvider()), history(seed)).results:
            match result:
                case ("commit", (str(error), str())):
                    met.add(error)
                case ("change_each", list(results)):
                    met |= {f"{error[0]} of one" for _, error in results if error is not None}
    assert met >= {
        "ConcurrencyConflict",
        "EmailTaken",
        "ConcurrencyConflict of one",
        "EmailTaken of one",
        "MessageAlreadyAdded",
        "MessageAlreadyHandled",
    }


def test_the_histories_tell_of_every_event_that_leaves_but_bans() -> None:
    """Otherwise agreeing on the messages would prove little."""
    told: set[str] = set()
    for seed in HISTORIES:
        story = replay(Store("memory", MemoryProvider()), history(seed))
        told |= {each.message.message_type for found in story.messages.values() for each in found}
    declared = {each.name for each in (*PERSON_INTEGRATION_EVENTS, *PARCEL_INTEGRATION_EVENTS)}
    assert told == declared - {"EmailVerified", "PersonBanned", "PersonUnbanned"} | {"Told"}


def drop_the_version_condition(action: ItemAction) -> list[ItemAction]:
    """A save that overwrites whatever is there."""
    if action.kind is ActionKind.PUT and action.repeatable:
        return [evolve(action, condition=None, refusals=())]
    return [action]


def append_without_a_condition(action: ItemAction) -> list[ItemAction]:
    """An event that overwrites the one that is there."""
    if isinstance(action.model, EventModel):
        return [evolve(action, condition=None, refusals=())]
    return [action]


def skip_the_claim(action: ItemAction) -> list[ItemAction]:
    """An address that nobody reserves."""
    taken = action.kind is ActionKind.PUT and isinstance(action.model, ClaimModel)
    return [] if taken else [action]


def forget_to_free_the_claim(action: ItemAction) -> list[ItemAction]:
    """An address that stays taken for ever."""
    freed = action.kind is ActionKind.DELETE and isinstance(action.model, ClaimModel)
    return [] if freed else [action]


def forget_the_message(action: ItemAction) -> list[ItemAction]:
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
    assert next(differences(ministack), None) is not None


@pytest.mark.engine
def test_a_forgotten_message_is_found_among_the_messages_alone(
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(forget_the_message, monkeypatch)
    assert {part for _, part in differences(ministack, HISTORIES[:3])} == {"messages"}


def plant(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(provider: DynamoDBProvider) -> object:
        def prepare(commit_id: str, actions: Sequence[ItemAction]) -> DynamoDBTransaction:
            planted = [each for action in actions for each in bug(action)]
            return DynamoDBTransaction(provider.gateway, commit_id, planted)

        return prepare

    monkeypatch.setattr(DynamoDBProvider, "transaction", property(buggy))
