"""Whatever happens, the state is that of all events, folded once each in the order of positions."""

from __future__ import annotations

import pytest

from tests.projectors.simulated import played


@pytest.mark.parametrize("seed", range(40))
def test_the_state_is_that_of_all_events_in_order(seed: int) -> None:
    world = played(seed)
    assert world.state() == world.expected()
