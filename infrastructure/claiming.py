"""Gives stored aggregates what a later declaration asks of them: claims, a place in the listing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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

    `left` are those that still lack something. One that was removed meanwhile is none of these.
    `last` is the id after which a later run can go on, where the page had aggregates.
    """

    seen: int = 0
    completed: int = 0
    left: list[Left] = field(factory=list)
    last: str | None = None


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
        """Works a page at a time: through all, or from after the `last` one of a page.

        A dry run writes nothing. It keeps the claims that are missing in memory, to find out which
        aggregates would get in each other's way. Raises `StorageError` and `CommitOutcomeUnknown`,
        after which one goes on at the last page.
        """
        while True:
            scanned = self._table.scan(after)
            page = ClaimedPage()
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
        if isinstance(found, UnreadableState):
            page.last = found.aggregate_id
            page.left.append(Left(found.aggregate_id, str(found)))
            return
        page.last = aggregate_id = found.state["id"]
        try:
            missing = self._missing(found)
            if missing is None:
                return
            reason = (self._reserved if dry_run else self._refusal)(aggregate_id, missing)
        except UnreadableState as error:
            reason = str(error)
        except NotFound:
            return  # removed since it was read
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
        except Conflict as error:
            return _taken(aggregate_id, missing, self._table.holder) or str(error)
        except (LimitExceeded, InvalidItem) as error:
            return str(error)
        return None

    def _reserved(self, aggregate_id: str, missing: dict[str, str]) -> str | None:
        """Notes that it would take its claims; why it could not, if so."""
        reason = _taken(aggregate_id, missing, self._table.holder)
        reason = reason or _taken(aggregate_id, missing, self._wanted.get)
        if reason is None:
            self._wanted.update(dict.fromkeys(missing, aggregate_id))
        return reason

    def _save(self, aggregate_id: str) -> None:
        with self._units_of_work() as unit:
            repository = getattr(unit, self._repository)
            repository.save(repository.get(aggregate_id))
            unit.commit()


def _taken(
    aggregate_id: str, missing: dict[str, str], holder_of: Callable[[str], str | None]
) -> str | None:
    for key, name in missing.items():
        holder = holder_of(key)
        if holder not in (None, aggregate_id):
            return f"{name} is that of {holder}"
    return None


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
