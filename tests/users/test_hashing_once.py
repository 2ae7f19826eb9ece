"""A password is hashed, or compared with a hash, as seldom as can be: each time costs 0.2 s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import argon2
import pytest
from typing_extensions import override

from application.users.change_password import ChangePassword
from application.users.errors import SignInFailed
from application.users.register_user import RegisterUser
from application.users.reset_password import CompletePasswordReset
from application.users.sign_in import SignIn
from application.users.tokens import UserTokens
from domain.errors import InvalidValue
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.emails import Uts46EmailParser
from infrastructure.system.notifiers import MemoryNotifier
from infrastructure.system.passwords import Argon2Hasher
from infrastructure.system.tokens import JwtSigner
from tests.failures import limiter, mail_limiter
from tests.stores import Store
from tests.times import NOW
from tests.users.samples import new_user

pytestmark = pytest.mark.parametrize("make_store", ["memory"], indirect=True)

PASSWORD = "correct horse"
SOURCE = "1.1.1.1"
EMAILS = Uts46EmailParser()


class Watched(Argon2Hasher):
    """Counts its work. What happens `meanwhile` happens once, while it works."""

    def __init__(self, meanwhile: Callable[[], object] | None = None) -> None:
        super().__init__(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.hashed = 0
        self.compared = 0
        self._meanwhile = meanwhile

    @override
    def hash(self, password: str) -> str:
        self.hashed += 1
        self._let_it_happen()
        return super().hash(password)

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        self.compared += 1
        self._let_it_happen()
        return super().matches(password, password_hash)

    def _let_it_happen(self) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def user_tokens(clock: SystemClock) -> UserTokens:
    return UserTokens(JwtSigner(SAMPLE_SIGNING_KEY, clock))


@pytest.fixture
def hasher(store: Store) -> Watched:
    """Somebody else renames ada while it works for the first time."""
    with store.unit_of_work() as unit:
        ada = new_user(id="ada")
        ada.change_password(Watched().hash(PASSWORD), NOW)
        unit.users.add(ada)
        unit.commit()

    def rename() -> None:
        with store.unit_of_work() as unit:
            ada = unit.users.get("ada")
            ada.change_name("Augusta", "King", NOW)
            unit.users.save(ada)
            unit.commit()

    return Watched(meanwhile=rename)


def test_sign_in_compares_once_whatever_conflicts(
    store: Store, clock: SystemClock, user_tokens: UserTokens, hasher: Watched
) -> None:
    sign_in = SignIn(store.unit_of_work, clock, store.ids, hasher, user_tokens, limiter(), EMAILS)

    sign_in(email="ada@example.com", password=PASSWORD, source=SOURCE)

    assert hasher.compared == 1
    with store.unit_of_work() as unit:
        assert unit.users.get("ada").first_name == "Augusta"


def test_sign_in_compares_again_with_a_password_that_was_changed_meanwhile(
    store: Store, clock: SystemClock, user_tokens: UserTokens, hasher: Watched
) -> None:
    def change_password() -> None:
        with store.unit_of_work() as unit:
            ada = unit.users.get("ada")
            ada.change_password(Watched().hash("another password"), NOW)
            unit.users.save(ada)
            unit.commit()

    watched = Watched(meanwhile=change_password)
    sign_in = SignIn(store.unit_of_work, clock, store.ids, watched, user_tokens, limiter(), EMAILS)

    with pytest.raises(SignInFailed):
        sign_in(email="ada@example.com", password=PASSWORD, source=SOURCE)

    assert watched.compared == 2


def test_changing_a_password_compares_and_hashes_once_whatever_conflicts(
    store: Store, clock: SystemClock, hasher: Watched
) -> None:
    change_password = ChangePassword(store.unit_of_work, clock, hasher, limiter())

    change_password(
        "ada", current_password=PASSWORD, new_password="another password", source=SOURCE
    )

    assert (hasher.compared, hasher.hashed) == (1, 1)


def test_a_wrong_password_costs_no_hash_of_the_next(
    store: Store, clock: SystemClock, hasher: Watched
) -> None:
    change_password = ChangePassword(store.unit_of_work, clock, hasher, limiter())

    with pytest.raises(SignInFailed):
        change_password(
            "ada", current_password="wrong password", new_password="another password", source=SOURCE
        )

    assert hasher.hashed == 0


def test_resetting_a_password_hashes_once_whatever_conflicts(
    store: Store, clock: SystemClock, user_tokens: UserTokens, hasher: Watched
) -> None:
    with store.unit_of_work() as unit:
        ada = unit.users.get("ada")
    token = user_tokens.reset("ada", ada.email, ada.password_hash)
    complete = CompletePasswordReset(store.unit_of_work, clock, hasher, user_tokens)

    complete(token=token, new_password="another password")

    assert hasher.hashed == 1


@pytest.mark.parametrize(
    "wrong", [{"first_name": " "}, {"last_name": ""}, {"email": "nowhere"}, {"password": "short"}]
)
def test_a_registration_that_is_refused_hashes_nothing(
    store: Store, clock: SystemClock, user_tokens: UserTokens, wrong: dict[str, Any]
) -> None:
    hasher = Watched()
    register = RegisterUser(
        store.unit_of_work,
        clock,
        store.ids,
        hasher,
        user_tokens,
        MemoryNotifier(),
        mail_limiter(),
        EMAILS,
    )
    right = {"first_name": "Ada", "last_name": "L", "email": "a@example.com", "password": PASSWORD}

    with pytest.raises(InvalidValue):
        register(**{**right, **wrong})

    assert hasher.hashed == 0
