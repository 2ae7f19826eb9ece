"""What each operation on users costs on MiniStack: requests, read and write units."""

from __future__ import annotations

import pytest

from infrastructure.engines import LocalEngine
from infrastructure.metering import Usage
from scripts.measure_costs import measure

pytestmark = pytest.mark.engine


def test_operations_on_users_cost_what_the_cost_model_says(ministack: LocalEngine) -> None:
    assert measure(ministack.endpoint_url) == {
        "register a user": Usage(requests=1, read_units=0, write_units=4),
        "read one by id": Usage(requests=1, read_units=1, write_units=0),
        "read and save one, unique values unchanged": Usage(2, 1, 1),
        "read and save one, e-mail changed": Usage(2, 1, 6),
        "read and save one, nothing changed": Usage(1, 1, 0),
        "read one by e-mail": Usage(2, 2, 0),
        "list one page": Usage(2, 1.5, 0),
        "read and remove one": Usage(2, 1, 4),
    }
