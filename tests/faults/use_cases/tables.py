"""What is done to tables as a whole, as the fault matrix calls it."""

from __future__ import annotations

from functools import partial
from typing import Any

from infrastructure.claiming import Claiming
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import Told, UseCase
from tests.faults.use_cases.changes import ADA, ada


def of_two(service: Service) -> Any:
    """The initializer of one table with a time-to-live and one with a stream."""
    initializer: Any = service.container.table_initializer()
    schemas = service.schemas("inbox", "events")
    return type(initializer)(initializer._gateway, schemas, initializer._capacity)


def gone(service: Service) -> Any:
    for schema in service.schemas("inbox", "events"):
        service.tables.drop(schema)
    return of_two(service)


def create(service: Service, tables: Any) -> object:
    """Which of them this call made is not told for certain where an answer is lost."""
    tables.create_missing(update_existing=True)
    return [(status.state, status.drift) for status in tables.status()]


def ada_before(service: Service) -> None:
    """Ada, as she was stored before items told which claims they hold."""
    ada(service)
    request = {
        "TableName": service.tables.prefix + "people",
        "Key": {"id": {"S": ADA}},
        "UpdateExpression": "REMOVE heldClaims",
    }
    service.container.store().gateway.call("UpdateItem", request)


def claim(service: Service, _: object) -> object:
    pages = Claiming(service.container.units_of_work(), "Person").pages()
    return [(page.seen, page.completed, page.left) for page in pages]


def delete(service: Service, tables: Any) -> object:
    tables.delete_all()
    return [status.state for status in tables.status()]


def can_be_made(service: Service, tables: Any, told: Told) -> None:
    with service.undisturbed():
        tables.create_missing(update_existing=True)
        assert all(not status.drift for status in tables.status())


of_tables = partial(UseCase, check=can_be_made, has_memory=False)

TABLES = (
    of_tables(
        name="table_initializer.create_missing", prepare=gone, is_prepared_anew=True, run=create
    ),
    of_tables(name="table_initializer.status", prepare=of_two, run=lambda _, t: t.status()),
    of_tables(name="table_initializer.delete_all", prepare=of_two, run=delete),
    UseCase(name="tables claim", prepare=ada_before, run=claim, has_memory=False),
)
