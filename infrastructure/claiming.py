"""Gives stored aggregates what a later declaration asks of them: claims, a place in the listing."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field, frozen

from application.errors import InvalidItem, LimitExceeded, UnreadableState
from application.retry_on_conflict import retry_on_conflict
from domain.errors import Conflict, InvalidValue, NotFound
from infrastructure.aggregates.changes import Stored
from infrastructure.aggregates.repository import AggregateTable
from infrastructure.contexts.context import StateStored
from infrastructure.unit_of_work import UnitsOfWork


@frozen
class Left:
    """An aggregate that stays without what it lacks, and why."""

    aggregate_id: str
    reason: str


@define
class ClaimedPage:
    """One page: how many aggregates were seen, and completed, or would be, on a dry run.

    `left` are those that still lack something. `following` is where to go on, None after the last
    page.
    """

    following: str | None
    seen: int = 0
    completed: int = 0
    left: list[Left] = field(factory=list)


class Claiming:
    """Goes through all aggregates of one type and saves those that lack something.

    Each is saved as it is, in a commit of its own, which adds one to its version. One that is
    complete costs no write, so that running it again is cheap.
    """

    def __init__(self, units_of_work: UnitsOfWork, type_name: str) -> None:
        """Raises `InvalidValue` where no state-stored type has this name."""
        self._units_of_work = units_of_work
        self._repository, declared = _declared(units_of_work, type_name)
        self._type = declared.aggregate_type
        self._table: AggregateTable = units_of_work.tables[self._type.name]
        self._wanted: dict[str, str] = {}

    def pages(self, after: str | None = None, *, dry_run: bool = False) -> Iterator[ClaimedPage]:
        """Works a page at a time: through all, or from after a page's `following`.

        A dry run writes nothing. It keeps the claims that are missing in memory, to find out which
        aggregates would get in each other's way. Raises `StorageError` and `CommitOutcomeUnknown`,
        after which one goes on at the last page.
        """
        while True:
            scanned = self._table.scan(after)
            page = ClaimedPage(scanned.following)
            for found in scanned.found:
                self._look_at(page, found, dry_run=dry_run)
            yield page
            after = scanned.following
            if after is None:
                return

    def _look_at(
        self, page: ClaimedPage, found: Stored | UnreadableState, *, dry_run: bool
    ) -> None:
        page.seen += 1
        try:
            if isinstance(found, UnreadableState):
                raise found
            missing = self._missing(found)
        except UnreadableState as error:
            page.left.append(Left(error.aggregate_id, str(error)))
            return
        if missing is None:
            return
        aggregate_id = found.state["id"]
        reason = (self._rival if dry_run else self._refusal)(aggregate_id, missing)
        if reason is None:
            page.completed += 1
        else:
            page.left.append(Left(aggregate_id, reason))

    def _missing(self, stored: Stored) -> dict[str, str] | None:
        """The names of unique values by the claims that it is not noted to hold.

        None where nothing is to be done.
        """
        needed = self._type.claims(self._type.from_state(stored.state))
        if stored.is_complete and stored.claims == needed.keys():
            return None
        held = stored.claims or frozenset()
        return {key: unique.name for key, (unique, _) in needed.items() if key not in held}

    def _refusal(self, aggregate_id: str, missing: dict[str, str]) -> str | None:
        """Saves it; why that was refused, if it was."""
        try:
            retry_on_conflict(lambda: self._save(aggregate_id))
        except NotFound:
            return None  # removed since it was read
        except Conflict as error:
            return self._rival(aggregate_id, missing) or str(error)
        except (UnreadableState, LimitExceeded, InvalidItem) as error:
            return str(error)
        return None

    def _rival(self, aggregate_id: str, missing: dict[str, str]) -> str | None:
        """Who has a claim that this aggregate lacks, or would have taken it before."""
        for key, name in missing.items():
            holder = self._table.holder(key) or self._wanted.setdefault(key, aggregate_id)
            if holder != aggregate_id:
                return f"{name} is that of {holder}"
        return None

    def _save(self, aggregate_id: str) -> None:
        with self._units_of_work() as unit:
            repository = getattr(unit, self._repository)
            repository.save(repository.get(aggregate_id))
            unit.commit()


def _declared(units_of_work: UnitsOfWork, type_name: str) -> tuple[str, StateStored]:
    repositories = units_of_work.options.contexts.repositories
    state_stored = {
        declared.aggregate_type.name: (name, declared)
        for name, declared in repositories.items()
        if isinstance(declared, StateStored)
    }
    if type_name not in state_stored:
        names = ", ".join(state_stored) or "none"
        raise InvalidValue("type", f"the state-stored types are: {names}")
    return state_stored[type_name]
