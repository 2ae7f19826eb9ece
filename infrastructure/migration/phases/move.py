"""The two sides of a table that moves, its journal and its switch, and the copy between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import structlog
from attrs import field, frozen
from typing_extensions import override

from application.errors import StorageError
from domain.errors import Conflict, DynastrataError
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.claims.claim_keys import claim_keys
from infrastructure.migration.contract import Table
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.journal_entry import Held
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.store import Fence, KeyLost, Store, Target
from infrastructure.migration.phases.switch import SeenSwitch
from infrastructure.migration.phases.telemetry import MoveTelemetry
from infrastructure.migration.repository.conflicts import UniqueValueTaken
from infrastructure.migration.rows import RowRejected
from infrastructure.migration.verification.difference import differing

REFUSED = (DynastrataError, RowRejected)
"""How a side fails, other than by a mistake in this program."""

logger = structlog.get_logger(__name__)


@frozen
class TargetLeads(Conflict):
    """The source does not say what the target is to be."""

    table: str

    @override
    def __str__(self) -> str:
        return (
            f"{self.table}: the source does not lead, or not yet, so nothing is copied from it: "
            "see `migrate phase show`"
        )


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
            if item is None or held.behind is Side.SOURCE or not self._free_claims(held, item):
                raise
            self.target.change(held.key, lambda _: item, self.fence(held))

    def _free_claims(self, held: Held, item: Item) -> bool:
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
            self.target.free(claim, key, self.fence(held))
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

    def check_source_leads(self) -> None:
        """Raises `TargetLeads`, also while a step that changes the leader is under way."""
        switch = self.switch.now()
        if switch.changes_leader or switch.phase.leader is Side.TARGET:
            raise TargetLeads(self.table.name)

    def recopy(self, key: Item, claims: Collection[str] = ()) -> bool:
        """Makes the target what the source says, and these claims what the item then says.

        Whether anything was to be changed. Raises `TargetLeads` and `KeyBusy`; and as `Store` does,
        then the entry stays for repair.
        """
        held = self.journal.hold(self.table.name, key, Side.TARGET)
        try:
            self.check_source_leads()
        except TargetLeads as error:
            self.give_up(held, str(error))
            raise
        with self._settling(held):
            before = self.target.read(key)
            self.copy(self.lead(held, Side.SOURCE))
            mended = [self.target.mend(claim, key, self.fence(held)) for claim in claims]
            return any(mended) or bool(differing(before or {}, self.target.read(key) or {}))

    def settle(self, held: Held) -> None:
        """Copies what is behind, and removes the entry.

        Raises as `Store` does; then the entry stays, with the reason.
        """
        with self._settling(held):
            self.copy(held)

    @contextmanager
    def _settling(self, held: Held) -> Iterator[None]:
        try:
            yield
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
