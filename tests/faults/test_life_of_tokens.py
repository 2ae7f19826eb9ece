"""What is sent for a commit in doubt while the clock turns: nothing the service may forget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from api.composition.clients import make_client
from application.errors import CommitOutcomeUnknown
from infrastructure.dynamodb.transaction.transaction import TOKEN_SECONDS
from infrastructure.settings.settings import Settings
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import Fault, request_lost
from tests.faults.test_lost_messages import items, register_another_ada
from tests.samples.people import EmailTaken, new_person
from tests.stores import REGION

ATTEMPTS = 4
DEADLINE = 30.0
READ, WRITE = "get_item", "transact_write_items"


def sent_by_resuming(faulty: Faulty, faults: list[Fault], after: float) -> list[str]:
    """What is sent for a registration in doubt that is resumed so many seconds later."""
    faulty.client.faults = list(faults)
    with faulty.store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        with pytest.raises(CommitOutcomeUnknown):
            unit.commit()
        assert not faulty.client.faults
        faulty.client.sent.clear()
        faulty.client.after_fault = lambda: None
        faulty.time.now = started(faulty) + after
        with pytest.raises((CommitOutcomeUnknown, EmailTaken)):
            unit.commit()
        unit.rollback()
    return sorted({operation for operation, _ in faulty.client.sent})


def started(faulty: Faulty) -> float:
    """When the first attempt was sent: pauses are the only time that passes."""
    return type(faulty.time)().now


def refused_meanwhile(faulty: Faulty) -> None:
    """The address is taken before the first retry, so that every later attempt is refused."""
    others = iter([register_another_ada])
    faulty.client.after_fault = lambda: next(others, lambda _: None)(faulty.healthy)


IN_DOUBT = [request_lost] * ATTEMPTS
REFUSED_BUT_NOT_FOR_GOOD = [request_lost, lambda send: send(), *[request_lost] * ATTEMPTS]
"""A retry is refused by a claim, and then the token cannot be spent."""


@pytest.mark.parametrize("faults", [IN_DOUBT, REFUSED_BUT_NOT_FOR_GOOD])
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (TOKEN_SECONDS - DEADLINE - 1, [WRITE]),
        # A call that begins now could end when the token is forgotten.
        (TOKEN_SECONDS - DEADLINE, [READ]),
        (TOKEN_SECONDS + 60, [READ]),
    ],
)
def test_once_the_token_may_be_forgotten_nothing_but_reads_is_sent(
    faulty: Faulty, faults: list[Fault], seconds: float, expected: list[str]
) -> None:
    refused_meanwhile(faulty)

    assert sent_by_resuming(faulty, faults, seconds) == expected
    assert items(faulty.healthy) == 2  # of the other one


def test_every_request_bears_the_time_at_which_it_is_sent_under_its_signature() -> None:
    """By which AWS refuses one that is more than five minutes late. Local engines do not."""
    before = datetime.now(UTC).replace(microsecond=0)

    headers = headers_of_a_request()

    signed = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert before <= signed <= datetime.now(UTC)
    assert "x-amz-date" in headers["Authorization"].partition("SignedHeaders=")[2]


def headers_of_a_request() -> dict[str, str]:
    """Those of a request as it would be sent."""
    client = make_client(Settings(endpoint_url="http://127.0.0.1:9", region=REGION))
    kept: list[Any] = []
    client.meta.events.register("before-send", lambda request, **_: kept.append(request))
    with pytest.raises(EndpointConnectionError):
        client.list_tables()
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in kept[0].headers.items()
    }
