"""One change to each of many, each in a commit of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from application.errors import UnitOfWorkMisused
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.errors import DynastrataError


@frozen
class CommitResult:
    """What became of one of them: committed, or refused with `error`, which wrote nothing.

    A `CommitOutcomeUnknown` is no refusal: read what is stored, and decide then.
    """

    id: str
    error: DynastrataError | None = None

    @property
    def is_committed(self) -> bool:
        """Whether the change is stored."""
        return self.error is None


def commit_each(
    unit_of_work: UnitOfWorkFactory, ids: Iterable[str], change: Callable[[UnitOfWork, str], None]
) -> list[CommitResult]:
    """Stages `change` for each id in a unit of work of its own, and commits it.

    One result an id, in their order. What one of them raises on purpose, a `DynastrataError`, is
    its result and leaves the others alone; each is stored as a whole or not at all. A mistake of
    the program, `UnitOfWorkMisused` among them, is raised: what was committed before it stays.
    """
    return [_commit(unit_of_work, id_, change) for id_ in ids]


def _commit(
    unit_of_work: UnitOfWorkFactory, id_: str, change: Callable[[UnitOfWork, str], None]
) -> CommitResult:
    try:
        with unit_of_work() as unit:
            change(unit, id_)
            unit.commit()
    except UnitOfWorkMisused:
        raise
    except DynastrataError as error:
        return CommitResult(id_, error)
    return CommitResult(id_)
