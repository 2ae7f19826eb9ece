"""Load, change, commit, and do it again when someone else came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from application.idempotent_request import Keep
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.aggregate import Aggregate
from domain.errors import ConcurrencyConflict
from domain.repository import SavingRepository
from domain.tagged_events import AppendConditionFailed

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")

MAX_ATTEMPTS = 10
"""How often a use case decides before it gives up. Each time someone else succeeded."""


def retry_on_conflict(
    attempt: Callable[[], T], *, expected_version: int | None = None, attempts: int = MAX_ATTEMPTS
) -> T:
    """The result of `attempt`, which loads, decides and commits in a unit of work of its own.

    A `ConcurrencyConflict`, or an `AppendConditionFailed`, lets it run again on what is stored by
    then; the last one is raised.
    With an expected version the first one is: to decide anew is up to whoever named the version.
    """
    if expected_version is not None:
        return attempt()
    for _ in range(attempts - 1):
        try:
            return attempt()
        except (ConcurrencyConflict, AppendConditionFailed):
            continue
    return attempt()


def change_aggregate(
    unit_of_work: UnitOfWorkFactory,
    repository: Callable[[UnitOfWork], SavingRepository[A]],
    aggregate_id: str,
    change: Callable[[A], object],
    *,
    expected_version: int | None = None,
    admit: Callable[[A], object] = lambda _: None,
    keep: Keep[A] | None = None,
) -> A:
    """The aggregate after `change`, committed.

    With an expected version, somebody else's commit is a `ConcurrencyConflict`; without one the
    change is decided anew on what is there. `admit` raises for an aggregate that the caller must
    not even learn the version of. `keep` stages what is kept of the result. Raises what `change`
    raises, and the aggregate's `NotFound`.
    """

    def attempt() -> A:
        with unit_of_work() as unit:
            aggregates = repository(unit)
            aggregate = aggregates.get(aggregate_id)
            admit(aggregate)
            require_version(aggregate, expected_version)
            change(aggregate)
            aggregates.save(aggregate)
            if keep is not None:
                keep(unit, aggregate)
            unit.commit()
            return aggregate

    return retry_on_conflict(attempt, expected_version=expected_version)


def require_version(aggregate: Aggregate, expected: int | None) -> None:
    """Raises `ConcurrencyConflict` unless the aggregate is at this version (None: at any)."""
    if expected is not None and aggregate.version != expected:
        name = type(aggregate).__name__
        raise ConcurrencyConflict(name, aggregate.id, expected, aggregate.version)
