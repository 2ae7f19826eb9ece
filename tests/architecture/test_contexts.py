"""What contexts declare is what the rest of the service has."""

from __future__ import annotations

from application.ports.unit_of_work import UnitOfWork
from infrastructure.contexts.registered import REGISTERED

PARTS = {"streams", "tagged_events", "outbox", "inbox"}
"""What every unit of work has beside its repositories."""


def test_the_port_of_the_unit_of_work_has_the_repositories_that_are_declared() -> None:
    properties = {name for name, value in vars(UnitOfWork).items() if isinstance(value, property)}

    assert properties - PARTS == set(REGISTERED.repositories)
