from typing import Literal

import argon2
import pytest
from argon2.exceptions import InvalidHashError
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.system.passwords import Argon2Hasher

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
