"""A process that commits once, and is killed on the way: run by `test_killed_commits`.

Arguments: endpoint, table prefix, the commit's name, and the moment of its death: 0 right before
the first request, 1 right after its answer, 2 right before the second request, and so on.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any
from uuid import uuid4

from api.container import Container, build_container
from infrastructure.settings.settings import Settings
from tests.faults.faulty_client import Fault, FaultyClient, Send
from tests.orders import line

REGION = "eu-central-1"


def register_user(container: Container) -> None:
    """A user, the claim on the address, a message."""
    container.register_user()(
        first_name="Ada",
        last_name="Lovelace",
        email=f"{uuid4().hex}@example.com",
        password="correct horse battery",
    )


def place_order(container: Container) -> None:
    """An event, a message."""
    container.place_order()(customer_id="ada", lines=(line(),))


COMMITS = {"register_user": register_user, "place_order": place_order}


def service(endpoint_url: str, table_prefix: str, *faults: Fault) -> tuple[Container, FaultyClient]:
    """The whole service, and its client, whose first requests meet these faults."""
    settings = Settings(
        environment="test",
        provider="dynamodb",
        endpoint_url=endpoint_url,
        region=REGION,
        table_prefix=table_prefix,
    )
    container = build_container(settings)
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


def main(endpoint_url: str, table_prefix: str, commit: str, moment: str) -> None:
    """Commits, and gets to its end if it makes fewer requests than it would die at."""
    requests, is_answered = divmod(int(moment), 2)
    death = killed_after if is_answered else killed_before
    container, _ = service(endpoint_url, table_prefix, *[passed] * requests, death)
    COMMITS[commit](container)


if __name__ == "__main__":
    main(*sys.argv[1:])
