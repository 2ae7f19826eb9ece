"""Sixteen writers, fifty rounds, in lockstep and staggered: exactly one wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.users.refresh_session import RefreshSession
from application.users.sign_in import SessionTokens
from application.users.tokens import RefreshClaims, UserTokens, secret_hash
from domain.errors import ConcurrencyConflict
from domain.users.errors import EmailAlreadyRegistered, RefreshTokenSuperseded
from domain.users.user import User
from domain.users.values import Email
from infrastructure.memory.provider import MemoryProvider
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner
from tests.race.races import ROUNDS, WRITERS, Start, errors_of, race
from tests.stores import Store
from tests.users import NOW, new_user

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_registers_an_address(racing_store: Store, start: Start) -> None:
    winners: list[str] = []
    for number in range(ROUNDS):
        email = f"round{number}@example.com"

        def register(_: int, ready: Callable[[], None], email: str = email) -> str:
            user = new_user(email)
            with racing_store.unit_of_work() as unit:
                unit.users.add(user)
                ready()
                unit.commit()
            return user.id

        outcomes = race(register, start)
        assert errors_of(outcomes) == [EmailAlreadyRegistered] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, str))
        with racing_store.unit_of_work() as unit:
            assert unit.users.get_by_email(Email(email)).id == winner
        winners.append(winner)
    with racing_store.unit_of_work() as unit:
        assert len(unit.users.page(2 * ROUNDS).items) == ROUNDS
    assert claims_and_users(racing_store) == 2 * ROUNDS
    assert told(racing_store) == sorted((winner, "UserRegistered") for winner in winners)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_saves_a_version(racing_store: Store, start: Start) -> None:
    with racing_store.unit_of_work() as unit:
        unit.users.add(new_user(id="ada"))
        unit.commit()
    for number in range(ROUNDS):

        def save(writer: int, ready: Callable[[], None], version: int = number + 1) -> str:
            with racing_store.unit_of_work() as unit:
                user: User = unit.users.get("ada")
                if user.version != version:
                    raise ConcurrencyConflict("User", "ada", version, user.version)
                user.change_name(f"Writer {writer}", f"Round {version}", NOW)
                unit.users.save(user)
                ready()
                unit.commit()
            return user.first_name

        outcomes = race(save, start)
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, str))
        with racing_store.unit_of_work() as unit:
            user = unit.users.get("ada")
        assert (user.version, user.first_name) == (number + 2, winner)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_changes_the_address_and_tells_of_it(racing_store: Store, start: Start) -> None:
    with racing_store.unit_of_work() as unit:
        unit.users.add(new_user(id="ada"))
        unit.commit()
    for number in range(ROUNDS):

        def change(writer: int, ready: Callable[[], None], version: int = number + 1) -> Email:
            with racing_store.unit_of_work() as unit:
                user: User = unit.users.get("ada")
                if user.version != version:
                    raise ConcurrencyConflict("User", "ada", version, user.version)
                user.change_email(Email(f"{writer}.{version}@example.com"), NOW)
                unit.users.save(user)
                ready()
                unit.commit()
            return user.email

        outcomes = race(change, start)
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, Email))
        with racing_store.unit_of_work() as unit:
            assert unit.users.get_by_email(winner).version == number + 2
    assert claims_and_users(racing_store) == 2
    assert told(racing_store) == [("ada", "EmailChanged")] * ROUNDS + [("ada", "UserRegistered")]


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_refreshes_rotates_and_its_session_lives(
    racing_store: Store, start: Start
) -> None:
    clock = SystemClock()
    tokens = UserTokens(JwtSigner(SAMPLE_SIGNING_KEY, clock))
    refresh = RefreshSession(racing_store.unit_of_work, clock, racing_store.ids, tokens)
    claims = RefreshClaims("ada", "session", "first secret")
    now = clock.now()
    with racing_store.unit_of_work() as unit:
        user = new_user(id="ada")
        user.start_session(
            "session", secret_hash(claims.secret), now + tokens.lifetimes.refresh, now
        )
        unit.users.add(user)
        unit.commit()
    token = tokens.refresh(claims)
    for _ in range(ROUNDS):

        def present(_: int, ready: Callable[[], None], token: str = token) -> SessionTokens:
            ready()
            return refresh(token)

        outcomes = race(present, start)
        assert errors_of(outcomes) == [RefreshTokenSuperseded] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, SessionTokens))
        token = winner.refresh_token
    with racing_store.unit_of_work() as unit:
        assert unit.users.get("ada").version == ROUNDS + 1


def claims_and_users(store: Store) -> int:
    """How many records the table of users holds."""
    if isinstance(store.provider, MemoryProvider):
        return len(store.provider.database.keys("users"))
    answer = store.gateway.call("Scan", {"TableName": store.table("users")})
    return len(answer["Items"])


def told(store: Store) -> list[tuple[str, str]]:
    """The ordering key and the type of every message that waits, in order of these."""
    table = store.provider.outbox()
    keys = {entry.key.ordering_key for page in table.pending_pages() for entry in page}
    return sorted((key, each.message.message_type) for key in keys for each in table.read(key))
