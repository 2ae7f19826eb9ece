"""The two sides of a table that moves, its journal and its switch, and the copy between them."""

from __future__ import annotations

import structlog
from attrs import field, frozen

from application.errors import StorageError
from domain.errors import DynastrataError
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.claim_keys import claim_keys
from infrastructure.migration.conflicts import UniqueValueTaken
from infrastructure.migration.contract import Table
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.journal_entry import Held
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.store import Fence, KeyLost, Store, Target
from infrastructure.migration.phases.switch import SeenSwitch
from infrastructure.migration.phases.telemetry import MoveTelemetry
from infrastructure.migration.rows import RowRejected

REFUSED = (DynastrataError, RowRejected)
"""How a side fails, other than by a mistake in this program."""

logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Move:
    """One table that moves."""

    table: Table
    source: Store
    target: Target
    journal: Journal
    switch: SeenSwitch
    telemetry: MoveTelemetry = field(factory=MoveTelemetry)

    def store(self, side: Side) -> Store:
        """The store of a side."""
        return self.source if side is Side.SOURCE else self.target

    def fence(self, held: Held) -> Fence:
        """What lets the holder of a key write, and nobody who held it before."""
        return Fence(lambda: self.journal.is_held(held), self.journal.guard(held))

    def copy(self, held: Held) -> None:
        """Makes the side that is behind what the other one is. Raises as `Store` does."""
        item = self.store(held.behind.other).read_last(held.key)
        try:
            self.store(held.behind).change(held.key, lambda _: item, self.fence(held))
        except UniqueValueTaken:
            if item is None or held.behind is Side.SOURCE or not self._free_claims(item):
                raise
            self.target.change(held.key, lambda _: item, self.fence(held))

    def _free_claims(self, item: Item) -> bool:
        """Frees what items hold whose rows in the source have other values by now.

        The bulk copy may claim a value for a row that lost it since it was read. Whether any was
        freed.
        """
        table = self.table
        stale = {
            claim: key
            for claim, key in self.target.in_the_way(item).items()
            if claim not in claim_keys(table, self.source.read_last(key) or {})
        }
        for claim, key in stale.items():
            self.target.free(claim, key)
        return bool(stale)

    def lead(self, held: Held, leader: Side) -> Held:
        """The key as one whose `leader` lacks nothing: settles first what its entry says.

        Raises as `Store` does.
        """
        if held.behind is not leader:
            return held
        if held.was_behind:
            self.copy(held)
        turned = self.journal.turn(held)
        if turned is None:
            raise KeyLost(held.table, key_text(held.key))
        return turned

    def recopy(self, key: Item) -> None:
        """Makes the side that follows what the leading one is, under the key's entry.

        Raises as `Store` does, and `KeyBusy`; then the entry stays for `migrate repair`.
        """
        leader = self.switch.now().phase.leader
        held = self.journal.hold(self.table.name, key, leader.other)
        self.settle(held, self.switch.now().phase.leader)

    def settle(self, held: Held, leader: Side | None = None) -> None:
        """Copies what is behind, or what follows `leader`, and removes the entry.

        Raises as `Store` does; then the entry stays, with the reason.
        """
        try:
            held = held if leader is None else self.lead(held, leader)
            self.copy(held)
        except REFUSED as error:
            self.leave(held, str(error))
            raise
        self.remove(held)

    def leave(self, held: Held, reason: str) -> None:
        """Leaves the entry for repair. Without an answer it stays until its lease ends."""
        try:
            self.journal.leave(held, reason)
        except StorageError as error:
            self._tell_kept(held, error)

    def remove(self, held: Held) -> None:
        """Removes the entry of a key that is equal. Without an answer it may stay, harmless."""
        try:
            self.journal.remove(held)
        except StorageError as error:
            self._tell_kept(held, error)

    def give_up(self, held: Held, reason: str) -> None:
        """Ends a write of which nothing was written: what was behind before, is still."""
        if held.was_behind:
            self.leave(held, held.reason or reason)
        else:
            self.remove(held)

    def _tell_kept(self, held: Held, error: StorageError) -> None:
        where = {"table": held.table, "key": key_text(held.key)}
        logger.warning("an entry of the journal stays", **where, error=type(error).__name__)
