"""For load balancers: does the process live, and can it do its work."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.dependencies import ContainerOf
from api.http.openapi import problems
from api.http.refusals import NotReady
from application.errors import StorageError

router = APIRouter(tags=["health"])


@router.get("/health")
def health() -> dict[str, str]:
    """The process lives. Asks nobody else."""
    return {"status": "ok"}


@router.get("/ready", responses=problems(503))
def ready(container: ContainerOf) -> dict[str, str]:
    """The store answers, and every table is there and active."""
    try:
        tables = container.table_initializer().status()
    except StorageError as error:
        raise NotReady() from error
    if any(table.state != "ACTIVE" for table in tables):
        raise NotReady()
    return {"status": "ready"}
