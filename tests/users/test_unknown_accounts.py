"""A sign-in costs the same whatever there is behind the address, so its time tells nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import argon2
import pytest
from typing_extensions import override

from application.users.errors import SignInFailed
from application.users.sign_in import SignIn
from application.users.tokens import UserTokens
from domain.users.errors import UserIsBanned
from domain.users.user import User
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.emails import Uts46EmailParser
from infrastructure.system.passwords import Argon2Hasher
from infrastructure.system.tokens import JwtSigner
from tests.failures import limiter
from tests.stores import Store
from tests.times import NOW
from tests.users.samples import new_user

pytestmark = pytest.mark.parametrize("make_store", ["memory"], indirect=True)

PASSWORD = "correct horse"


class Watched(argon2.PasswordHasher):
    """Tells the parameters of each hash that it compares with a password."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared: list[argon2.Parameters] = []

    @override
    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.compared.append(argon2.extract_parameters(str(hash)))
        return super().verify(hash, password)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def sign_in(store: Store, watched: Watched) -> SignIn:
    clock = SystemClock()
    tokens = UserTokens(JwtSigner(SAMPLE_SIGNING_KEY, clock))
    return SignIn(
        store.unit_of_work,
        clock,
        store.ids,
        Argon2Hasher(watched),
        tokens,
        limiter(),
        Uts46EmailParser(),
    )


def add(store: Store, watched: Watched, state: Callable[[User], object]) -> None:
    """A user in this state, whose address is ada's."""
    with store.unit_of_work() as unit:
        ada = new_user("ada@example.com")
        ada.change_password(watched.hash(PASSWORD), NOW)
        state(ada)
        unit.users.add(ada)
        unit.commit()


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(None, id="unknown"),
        pytest.param(lambda _: None, id="unverified"),
        pytest.param(lambda user: user.verify_email(NOW), id="verified"),
        pytest.param(lambda user: user.ban(NOW), id="banned"),
    ],
)
def test_wrong_password_is_compared_once_with_a_hash_of_the_same_parameters(
    state: Callable[[User], object] | None, store: Store, watched: Watched, sign_in: SignIn
) -> None:
    if state is not None:
        add(store, watched, state)

    with pytest.raises(SignInFailed):
        sign_in(email="ada@example.com", password="wrong horse", source="1.1.1.1")

    assert watched.compared == [argon2.extract_parameters(watched.hash(PASSWORD))]


def test_ban_is_told_only_to_who_knows_the_password(
    store: Store, watched: Watched, sign_in: SignIn
) -> None:
    add(store, watched, lambda user: user.ban(NOW))

    with pytest.raises(UserIsBanned):
        sign_in(email="ada@example.com", password=PASSWORD, source="1.1.1.1")

    assert len(watched.compared) == 1
