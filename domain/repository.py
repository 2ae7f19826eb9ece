"""The repository interface that every aggregate type shares."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from attrs import frozen

from domain.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)


class SavingRepository(Protocol[A]):
    """The aggregates of one type, as one unit of work sees them.

    Within a unit of work an id always gives the same object. `add` and `save` only stage: the unit
    of work's commit writes all of it or nothing, and raises what was refused.
    """

    def get(self, aggregate_id: str, /) -> A:
        """The aggregate as last committed (strongly consistent). Raises its `NotFound`."""
        ...

    def add(self, aggregate: A, /) -> None:
        """Stages a new aggregate. The commit raises `ConcurrencyConflict` where its id exists."""
        ...

    def save(self, aggregate: A, /) -> None:
        """Stages the changes of an aggregate that this unit of work loaded or added.

        The commit raises `ConcurrencyConflict` where someone else committed it meanwhile.
        Saving what did not change writes nothing, unless what is stored lacks something that is
        written beside it today. What an earlier release stored may be read once more here.
        """
        ...

    def require_unchanged(self, aggregate: A, /) -> None:
        """Stages the demand that an aggregate which this unit of work loaded is still as it was.

        The commit raises `ConcurrencyConflict` where someone else committed or removed it
        meanwhile. It is one action of the commit, and writes nothing; for an aggregate that the
        same commit changes it adds nothing.
        """
        ...


class Repository(SavingRepository[A], Protocol[A]):
    """The same for types whose aggregates can be removed, which is staged too."""

    def remove(self, aggregate: A, /) -> None:
        """Stages the removal of an aggregate that this unit of work loaded.

        The commit raises `ConcurrencyConflict` where someone else committed it meanwhile.
        """
        ...


@frozen
class Page(Generic[A]):
    """One page of a listing. `next_cursor` is opaque; None means there is no further page."""

    items: tuple[A, ...]
    next_cursor: str | None
