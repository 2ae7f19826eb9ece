"""The side of the target: items of one table, written only by whoever holds their key."""

from __future__ import annotations

from contextlib import suppress

from attrs import frozen
from typing_extensions import override

from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.transaction.actions import ItemAction
from infrastructure.migration.claims.claim_keys import claim_keys, key_of_owner, owner_of
from infrastructure.migration.claims.claim_pass import with_key
from infrastructure.migration.phases.store import Change, Fence, Target
from infrastructure.migration.repository.item_writer import ClaimMoved, ItemWriter


@frozen
class TargetTable(Target):
    """The items of a contract's table, with the claims on their unique values."""

    writer: ItemWriter

    @override
    def read(self, key: Item) -> Item | None:
        return self.writer.read(key)

    @override
    def read_last(self, key: Item) -> Item | None:
        """See `Store`. Earlier holders have lost their token: what they send is refused."""
        return self.read(key)

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        """See `Store`. Raises `UniqueValueTaken`, and `CommitOutcomeUnknown`."""
        present = self.read(key)
        wanted = change(present)
        if wanted == present:
            return
        foreign: set[str] = set()
        while True:
            try:
                self.writer.write(key, wanted, old=present, foreign=foreign, also=_also(fence))
            except ClaimMoved as moved:
                foreign.add(moved.key)
            else:
                return

    @override
    def in_the_way(self, item: Item) -> dict[str, Item]:
        table, owner = self.writer.table, owner_of(self.writer.table, item)
        found: dict[str, Item] = {}
        for claim in claim_keys(table, item):
            holder = self.writer.claim(claim)
            if holder is not None and holder["owner"]["S"] != owner:
                found[claim] = key_of_owner(table, holder["owner"]["S"])
        return found

    @override
    def free(self, claim: str, key: Item, fence: Fence) -> None:
        with suppress(ClaimMoved):
            self.writer.set_claim(claim, key, is_held=False, also=_also(fence))

    @override
    def mend(self, claim: str, key: Item, fence: Fence) -> bool:
        # The bulk copy claims keys, too, where rows could become items with the same one.
        table, item, holder = with_key(self.writer.table), self.read(key), self.writer.claim(claim)
        is_wanted = item is not None and claim in claim_keys(table, item)
        is_held = holder is not None and holder["owner"]["S"] == owner_of(table, key)
        if is_held is not is_wanted:
            self.writer.set_claim(claim, key, is_held=is_wanted, also=_also(fence))
        return is_held is not is_wanted


def _also(fence: Fence) -> tuple[ItemAction, ...]:
    return () if fence.action is None else (fence.action,)
