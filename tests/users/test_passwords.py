import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event, Semaphore
from typing import Literal

import argon2
import pytest
from anyio.to_thread import current_default_thread_limiter
from argon2.exceptions import InvalidHashError
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from application.ports.password_hasher import HashingBusy
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.system.passwords import MAX_SLOTS, MAX_WAITING, Argon2Hasher

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASHER = Argon2Hasher(CHEAP)


@given(st.text(), st.text())
def test_only_the_same_password_matches(password: str, other: str) -> None:
    password_hash = HASHER.hash(password)
    assert HASHER.matches(password, password_hash)
    assert (password == other) is HASHER.matches(other, password_hash)


def test_a_lone_surrogate_is_a_character_like_others() -> None:
    assert HASHER.matches("\ud800", HASHER.hash("\ud800"))
    assert not HASHER.matches("\ud801", HASHER.hash("\ud800"))


def test_a_hash_is_salted_and_carries_its_parameters() -> None:
    first, second = HASHER.hash("the same"), HASHER.hash("the same")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")


def test_a_hash_made_with_other_parameters_still_matches() -> None:
    stronger = Argon2Hasher(argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert stronger.matches("password", HASHER.hash("password"))


@pytest.mark.parametrize("password", ["anything", "nobody's password", ""])
def test_nothing_matches_a_missing_hash(password: str) -> None:
    assert not HASHER.matches(password, None)


def test_a_missing_hash_costs_a_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[str | bytes] = []

    class Spy(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            hashes.append(hash)
            return super().verify(hash, password)

    hasher = Argon2Hasher(Spy(time_cost=1, memory_cost=8, parallelism=1))
    hasher.matches("password", None)
    assert [str(each).startswith("$argon2id$v=19$m=8,t=1,p=1$") for each in hashes] == [True]


def test_a_damaged_hash_is_not_taken_for_a_wrong_password() -> None:
    with pytest.raises(InvalidHashError):
        HASHER.matches("password", "damaged")


PATIENCE = 60.0
"""Seconds after which a test gives up. None of them needs any."""


class Held(argon2.PasswordHasher):
    """Begins to verify, tells so, and goes on when it may."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.begun = Semaphore(0)
        self.may_go_on = Event()

    @override
    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.begun.release()
        assert self.may_go_on.wait(PATIENCE)
        return super().verify(hash, password)


@define
class Crowd:
    """Threads that verify at once, and are let go at the end."""

    held: Held = field(factory=Held)
    threads: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(40))

    def fill(self, hasher: Argon2Hasher, slots: int) -> None:
        """Takes all slots."""
        for _ in range(slots):
            self.threads.submit(hasher.matches, "password", None)
            assert self.held.begun.acquire(timeout=PATIENCE)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.held.may_go_on.set()
    crowd.threads.shutdown()


@pytest.mark.parametrize(("asked", "slots"), [(1, 1), (3, 3), (MAX_SLOTS + 1, MAX_SLOTS)])
def test_no_more_than_so_many_are_hashed_at_once(asked: int, slots: int, crowd: Crowd) -> None:
    hasher = Argon2Hasher(crowd.held, slots=asked, wait_seconds=0)
    crowd.fill(hasher, slots)

    with pytest.raises(HashingBusy):
        hasher.matches("password", None)
    with pytest.raises(HashingBusy):
        hasher.hash("password")

    assert not crowd.held.begun.acquire(blocking=False)


@pytest.mark.parametrize(("processors", "slots"), [(None, 1), (1, 1), (2, 1), (4, 3), (96, 20)])
def test_without_a_number_one_processor_is_left(
    processors: int | None, slots: int, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    hasher = Argon2Hasher(crowd.held, wait_seconds=0)
    crowd.fill(hasher, slots)

    with pytest.raises(HashingBusy):
        hasher.hash("password")


def test_those_who_hash_or_wait_leave_threads_for_others() -> None:
    async def threads() -> float:
        return current_default_thread_limiter().total_tokens

    assert Settings(hashing_slots=MAX_SLOTS).hashing_slots + MAX_WAITING < asyncio.run(threads())
    with pytest.raises(SettingsError):
        Settings(hashing_slots=MAX_SLOTS + 1)


def test_who_waits_is_served_when_a_slot_is_free(crowd: Crowd) -> None:
    hasher = Argon2Hasher(crowd.held, slots=1, wait_seconds=PATIENCE)
    crowd.fill(hasher, 1)
    waiting = crowd.threads.submit(hasher.hash, "password")

    crowd.held.may_go_on.set()

    assert hasher.matches("password", waiting.result(PATIENCE))


def test_only_so_many_wait(crowd: Crowd) -> None:
    hasher = Argon2Hasher(crowd.held, slots=1, wait_seconds=PATIENCE)
    crowd.fill(hasher, 1)
    calls = [crowd.threads.submit(hasher.hash, "password") for _ in range(MAX_WAITING + 1)]

    refused, waiting = wait(calls, PATIENCE, FIRST_COMPLETED)
    crowd.held.may_go_on.set()

    assert [type(each.exception()) for each in refused] == [HashingBusy]
    assert all(each.result(PATIENCE) for each in waiting)
    assert hasher.hash("password")
