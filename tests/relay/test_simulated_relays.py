"""Three relays at an outbox in every order of steps that a seed brings about.

Messages are added meanwhile, some late, some of aggregates that began again; some are marked by
hand, some are poison, and dead letters are sent again. Relays stall and die at any step, the
store fails, and destinations are out for seconds. Figures:
`python -m pytest tests/relay/test_simulated_relays.py -s`.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.relay.account import DIED, OUTLIVED
from tests.relay.lives import CALM, lives

SEEDS = 8


@pytest.mark.parametrize("lag", [None, 0.8])
@pytest.mark.parametrize("first", [0, SEEDS])
def test_relays_that_stall_and_die_keep_their_promise(first: int, lag: float | None) -> None:
    happened = Counter[str]()
    for seed in range(first, first + SEEDS):
        world = lives(seed, lag=lag)
        assert (seed, world.failures()) == (seed, [])
        happened += world.account.figures()
    print(f"{SEEDS} seeds, the index lags by up to {lag or 0} s: {dict(happened)}")  # noqa: T201
    whats = ("kills", "stalls", "outages", "dead", DIED, OUTLIVED)
    assert min(happened[what] for what in whats) > 0


@pytest.mark.parametrize("lag", [None, 0.8])
def test_nothing_is_repeated_where_no_relay_stalls_or_dies(lag: float | None) -> None:
    for seed in range(4):
        world = lives(seed, chances=CALM, lag=lag)
        assert (seed, world.failures()) == (seed, [])
        assert world.account.repeats().total() == 0


def test_a_seed_brings_about_the_same_each_time() -> None:
    def attempts() -> list[tuple[object, ...]]:
        account = lives(1).account
        return [(str(a.message), a.batch.relay, a.start, a.accepted_at) for a in account.attempts]

    assert attempts() == attempts()
