"""The repository of a table while it moves: what service code uses from before to after."""

from __future__ import annotations

from application.errors import CommitOutcomeUnknown, StorageError
from infrastructure.dynamodb.items import Item
from infrastructure.migration.conversion.records import (
    Record,
    entity_of,
    from_record,
    to_record,
)
from infrastructure.migration.conversion.typed import Value
from infrastructure.migration.phases.comparison import Comparison
from infrastructure.migration.phases.journal_entry import Held
from infrastructure.migration.phases.move import REFUSED, Move
from infrastructure.migration.phases.phase import Phase, Switch
from infrastructure.migration.phases.store import Change, Fence, KeyLost
from infrastructure.migration.repository.keys import changed_item, key_item

NOT_WRITTEN = "the source is not written in target-only"


class MovingRepository:
    """Reads and writes one table of a contract, by the phase that its switch says.

    Keys and records are those of `ContractRepository`. There are no queries, and no expectations of
    what a write replaces: both begin when the target alone is left. While the source leads,
    attributes from other rows and calculations are the source's, whatever a record says.
    """

    def __init__(self, move: Move) -> None:
        self._move = move
        self._table = move.table
        self._comparison = Comparison(move)

    def get(self, key: Record) -> dict[str, Value] | None:
        """The record of a key from the side that leads, None if there is none.

        Raises `StorageError`, and `RowRejected` for a row of the source that can be no item.
        """
        place, switch = key_item(self._table, key), self._move.switch.now()
        item = self._read(place, switch)
        if switch.phase is Phase.DUAL_READ:
            self._comparison.compare(place, item)
        return None if item is None else to_record(self._table, item)

    def put(self, record: Record) -> None:
        """Stores a whole record, in place of the one that is there.

        Raises `InvalidRecord`, `KeyBusy` and `KeyLost` (nothing was written), `StorageError` (the
        same), and `CommitOutcomeUnknown`, which repair settles.
        """
        item = from_record(self._table, entity_of(self._table, record), record)
        self._write({name: item[name] for name in self._table.key_names}, lambda _: item)

    def update(self, key: Record, changes: Record) -> None:
        """Changes some attributes of a record; None removes one. Raises as `put` does.

        Raises `NotFound` where there is no record.
        """
        place = key_item(self._table, key)
        self._write(place, lambda item: changed_item(self._table, place, item, changes))

    def delete(self, key: Record) -> None:
        """Removes the record, if it is there. Raises as `put` does."""
        self._write(key_item(self._table, key), lambda _: None)

    def _read(self, key: Item, switch: Switch) -> Item | None:
        leader = switch.phase.leader
        if switch.changes_leader:
            entry = self._move.journal.entry(self._table.name, key)
            if entry is not None and entry.behind is leader:
                leader = leader.other
        return self._move.store(leader).read(key)

    def _write(self, key: Item, change: Change) -> None:
        switch = self._move.switch.now()
        if switch.phase is Phase.SOURCE_ONLY:
            if self._write_source(key, change):
                return
            switch = self._move.switch.now()
        held = self._move.journal.hold(self._table.name, key, switch.phase.leader.other)
        # The phase again, now that the key is held: whoever ends the step sees this entry.
        switch = self._move.switch.now()
        held = self._lead(held, switch, change)
        self._follow(held, switch)

    def _write_source(self, key: Item, change: Change) -> bool:
        """Whether it was written, and not the phase that ended."""
        try:
            self._move.source.change(key, change, Fence(self._is_source_only))
        except KeyLost:
            return False
        return True

    def _is_source_only(self) -> bool:
        return self._move.switch.now().phase is Phase.SOURCE_ONLY

    def _lead(self, held: Held, switch: Switch, change: Change) -> Held:
        leader = switch.phase.leader
        try:
            held = self._move.lead(held, leader)
            self._move.store(leader).change(held.key, change, self._move.fence(held))
        except REFUSED as error:
            if not _maybe_applied(error):
                self._move.give_up(held, str(error))
                raise
            self._move.leave(held, "the outcome of a write is unknown")
            raise CommitOutcomeUnknown(held.token) from error
        return held

    def _follow(self, held: Held, switch: Switch) -> None:
        if switch.phase is Phase.TARGET_ONLY:
            self._move.leave(held, NOT_WRITTEN)
            return
        try:
            self._move.copy(held)
        except REFUSED as error:
            if not isinstance(error, KeyLost):  # else its next holder sees to it
                self._move.telemetry.behind(held.table, held.key, held.behind, error)
                self._move.leave(held, str(error))
            # Others may read that side yet: it has to have what is acknowledged.
            if switch.changes_leader:
                raise CommitOutcomeUnknown(held.token) from error
        else:
            self._move.remove(held)


def _maybe_applied(error: Exception) -> bool:
    if isinstance(error, StorageError):
        return error.maybe_applied
    return isinstance(error, CommitOutcomeUnknown)
