"""A process that commits once, and is killed on the way: run by `test_killed_commits`."""

from __future__ import annotations

import os
import signal
from typing import Any
from uuid import uuid4

from api.container import Container, build_container
from infrastructure.settings.settings import Settings
from tests.faults.faulty_client import Fault, FaultyClient, Send
from tests.samples.contexts import SAMPLES
from tests.samples.parcels import new_parcel
from tests.samples.people import new_person

REGION = "eu-central-1"


def register_person(container: Container) -> None:
    """A person, the claim on the address, a message."""
    with container.unit_of_work() as unit:
        unit.people.add(new_person(f"{uuid4().hex}@example.com"))
        unit.commit()


def place_parcel(container: Container) -> None:
    """An event, a message."""
    with container.unit_of_work() as unit:
        unit.parcels.add(new_parcel(id=uuid4().hex))
        unit.commit()


COMMITS = {"register_person": register_person, "place_parcel": place_parcel}


def service(endpoint_url: str, table_prefix: str, *faults: Fault) -> tuple[Container, FaultyClient]:
    """A service of the contexts of the tests, and its client, whose first requests meet faults."""
    settings = Settings(
        environment="test",
        provider="dynamodb",
        endpoint_url=endpoint_url,
        region=REGION,
        table_prefix=table_prefix,
    )
    container = build_container(settings)
    container.contexts.override(SAMPLES)
    gateway = container.store().gateway
    client = FaultyClient(gateway._client, list(faults), concerns=lambda operation: True)
    gateway._client = client
    return container, client


def passed(send: Send) -> Any:
    """Nothing is wrong with the request."""
    return send()


def killed_before(send: Send) -> Any:
    """The process dies, and the request is not sent."""
    _die()


def killed_after(send: Send) -> Any:
    """The process dies when it has the answer, before it does anything with it."""
    send()
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def commit_until(endpoint_url: str, table_prefix: str, commit: str, moment: int) -> None:
    """Commits, and gets to its end if it makes fewer requests than it would die at.

    The process dies at moment 0 right before the first request, at 1 right after its answer, at 2
    right before the second request, and so on.
    """
    requests, is_answered = divmod(moment, 2)
    death = killed_after if is_answered else killed_before
    container, _ = service(endpoint_url, table_prefix, *[passed] * requests, death)
    COMMITS[commit](container)
