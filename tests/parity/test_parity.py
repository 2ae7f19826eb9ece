"""The same history on memory and on DynamoDB: the same results, errors and state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from infrastructure.dynamodb.actions import Action, Kind
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from tests.parity.histories import history, replay
from tests.stores import Store, client_of, dynamodb_store

HISTORIES = 40


def differences(engine: LocalEngine, seeds: Sequence[int]) -> list[int]:
    """The seeds of histories whose replays differ."""
    client = client_of(engine.endpoint_url)
    return [
        seed
        for seed in seeds
        if replay(Store("memory", MemoryProvider()), history(seed))
        != replay(dynamodb_store(engine.name, client), history(seed))
    ]


@pytest.mark.parametrize("first", range(0, HISTORIES, 10))
def test_both_providers_tell_the_same_story(engine: LocalEngine, first: int) -> None:
    assert differences(engine, range(first, first + 10)) == []


def test_the_histories_meet_every_kind_of_refusal() -> None:
    """Otherwise agreeing on them would prove little."""
    met = set()
    for seed in range(HISTORIES):
        for result in replay(Store("memory", MemoryProvider()), history(seed)):
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
    }


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
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch, bug: Any
) -> None:
    begin = DynamoDBProvider.begin

    def buggy(provider: DynamoDBProvider, commit_id: str, actions: Sequence[Action]) -> object:
        return begin(provider, commit_id, [a for action in actions for a in bug(action)])

    monkeypatch.setattr(DynamoDBProvider, "begin", buggy)
    assert differences(ministack, range(10)) != []
