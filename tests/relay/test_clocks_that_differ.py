"""Relays whose clocks are hours apart: they disturb each other, and lose and disorder nothing.

What such a clock writes is void to others. So two relays can be at work on one key, and repeat each
other's messages; the first time, each message still comes after those before it.
"""

from __future__ import annotations

import pytest

from tests.relay.lives import CALM, ROUGH, lives
from tests.relay.relays import Chances

HOURS = 3 * 3600.0
SEEDS = range(6)


@pytest.mark.parametrize("chances", [CALM, ROUGH], ids=["calm", "rough"])
@pytest.mark.parametrize("ahead", [(HOURS,), (-HOURS,), (HOURS, -HOURS)])
def test_nothing_is_lost_and_the_order_kept(ahead: tuple[float, ...], chances: Chances) -> None:
    disturbed = 0
    for seed in SEEDS:
        world = lives(seed, chances=chances, ahead=ahead)
        assert (seed, world.account.lost_or_disordered(), world.pending()) == (seed, [], 0)
        disturbed += any(failure.startswith("in flight") for failure in world.failures())
    assert disturbed > 0
