"""Sixteen who present one refresh token, fifty rounds: exactly one wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.users.refresh_session import RefreshSession
from application.users.sign_in import SessionTokens
from application.users.tokens import RefreshClaims, UserTokens, secret_hash
from domain.users.errors import RefreshTokenSuperseded
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store
from tests.users.samples import new_user

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_refreshes_rotates_and_its_session_lives(
    racing_store: Store, start: Start
) -> None:
    rounds = rounds_on(racing_store)
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
    for _ in range(rounds):

        def present(_: int, ready: Callable[[], None], token: str = token) -> SessionTokens:
            ready()
            return refresh(token)

        outcomes = race(present, start)
        assert errors_of(outcomes) == [RefreshTokenSuperseded] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, SessionTokens))
        token = winner.refresh_token
    with racing_store.unit_of_work() as unit:
        assert unit.users.get("ada").version == rounds + 1
