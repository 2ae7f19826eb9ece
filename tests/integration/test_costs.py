"""What each operation costs on MiniStack: requests, read and write units."""

from __future__ import annotations

import pytest

from infrastructure.engines import LocalEngine
from infrastructure.metering import Usage
from scripts.measure_costs import measure

pytestmark = pytest.mark.engine


def test_operations_cost_what_the_cost_model_says(ministack: LocalEngine) -> None:
    assert measure(ministack.endpoint_url) == {
        "register a user": Usage(requests=1, read_units=0, write_units=6),
        "read one by id": Usage(requests=1, read_units=1, write_units=0),
        "read and save one, unique values unchanged": Usage(2, 1, 1),
        "read and save one, e-mail changed": Usage(2, 1, 8),
        "read and ban one": Usage(2, 1, 4),
        "read and save one, nothing changed": Usage(1, 1, 0),
        "read one by e-mail": Usage(2, 2, 0),
        "list one page": Usage(2, 1.5, 0),
        "read and remove one": Usage(2, 1, 6),
        "place an order": Usage(1, 0, 4),
        "append one event to a loaded stream": Usage(1, 0, 1),
        "append ten events": Usage(1, 0, 20),
        "read a stream of 1,000 events": Usage(1, 113, 0),
        "load an aggregate from a snapshot at version 1,000": Usage(2, 1.5, 0),
        "append an event with 1 tag": Usage(1, 0, 6),
        "append an event with 1 tag, decided": Usage(1, 0, 6),
        "append an event with 2 tags": Usage(1, 0, 10),
        "append an event with 2 tags, decided": Usage(1, 0, 10),
        "append an event with 5 tags": Usage(1, 0, 22),
        "append an event with 5 tags, decided": Usage(1, 0, 22),
        "read a decision over 2 tags with 100 events each": Usage(3, 22, 0),
        "publish one pending message": Usage(7, 3, 5),
        "look for pending messages, none there": Usage(4, 2, 0),
        "receive a message whose effect is one event": Usage(2, 1, 4),
        "receive it again": Usage(1, 1, 0),
        "append five packed events": Usage(1, 0, 1),
        "append ten packed events": Usage(1, 0, 1),
        "append 200 packed events": Usage(1, 0, 2),
        "append five packed events to an exact version": Usage(2, 1, 1),
        "read a stream of 1,000 events, packed by five": Usage(1, 19, 0),
    }
