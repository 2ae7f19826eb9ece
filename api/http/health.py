"""For load balancers: does the process live, and can it do its work."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request

from api.http.dependencies import ContainerOf
from api.http.openapi import problems
from api.http.pool import in_pool
from api.http.refusals import NotReady
from application.errors import StorageError
from infrastructure.outbox.relays import PollingRelay

router = APIRouter(tags=["health"])

_IN_USE = ("ACTIVE", "UPDATING")
"""A table that is being updated, say by an index that is added, is read and written as ever."""


@router.get("/health")
async def health() -> dict[str, str]:
    """The process lives. Asks nobody else."""
    # In no pool, and on the event loop: every thread may be hashing, or waiting for the store.
    return {"status": "ok"}


@router.get("/ready", dependencies=[in_pool], responses=problems(503))
def ready(container: ContainerOf, request: Request) -> dict[str, str]:
    """The store answers, every table is there and can be used, and a relay that runs here works.

    A table whose index is missing, or is still being filled, is none that can be used, nor is one
    that is left alone because it failed again and again.
    """
    relay: PollingRelay | None = request.app.state.relay
    if relay is not None and relay.is_late:
        raise NotReady("the relay has done no work for minutes")
    try:
        tables = container.table_initializer().status()
    except StorageError as error:
        raise NotReady("the store does not answer") from error
    unusable = [f"{table.name} is {table.state}" for table in tables if table.state not in _IN_USE]
    unusable += [f"{table.name}: {fault}" for table in tables for fault in table.unusable]
    if unusable:
        raise NotReady(f"not every table can be used: {', '.join(unusable)}")
    left_alone: Mapping[str, float] = container.adapters().left_alone
    if left_alone:
        raise NotReady(f"left alone after too many failures: {', '.join(sorted(left_alone))}")
    return {"status": "ready"}
