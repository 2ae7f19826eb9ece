"""One write of one item, with the claims that it takes and frees, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import reduce
from operator import and_

from attrs import field, frozen
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from typing_extensions import override

from application.errors import Throttled
from application.ports.ids import IdFactory
from application.retry_on_conflict import MAX_ATTEMPTS
from domain.errors import Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from infrastructure.migration.claims.claim_keys import claim_keys, owner_of
from infrastructure.migration.claims.row_claim import RUN_TIME
from infrastructure.migration.contract import Table
from infrastructure.migration.conversion.typed import python
from infrastructure.migration.models import ClaimModel, ContractItem, item_model
from infrastructure.migration.repository.conflicts import ItemChanged, UniqueValueTaken


@frozen
class ItemWriter:
    """Writes items of one table, under its physical name and that of the table of claims.

    Every write is a transaction with a token of its own, so that sending it again cannot apply it
    twice, nor report as refused what was applied. It costs twice the write units of a plain one.
    """

    gateway: Gateway
    table: Table
    name: str
    claims: str
    ids: IdFactory
    _model: type[ContractItem] = field(init=False, repr=False)

    @_model.default
    def _make_model(self) -> type[ContractItem]:
        return item_model(self.table)

    @property
    def claimed(self) -> frozenset[str]:
        """The attributes whose values are claimed."""
        return frozenset(name for names in self.table.unique for name in names)

    @property
    def known(self) -> frozenset[str]:
        """All attributes of the contract."""
        return frozenset(each.name for entity in self.table.entities for each in entity.attributes)

    def read(self, key: Item) -> Item | None:
        """The item as it stands."""
        request = {"TableName": self.name, "Key": key, "ConsistentRead": True}
        found: Item | None = self.gateway.call("GetItem", request).get("Item")
        return found

    def claim(self, place: str) -> Item | None:
        """The claim of this key, as it stands."""
        request = {"TableName": self.claims, "Key": {"pk": {"S": place}}, "ConsistentRead": True}
        found: Item | None = self.gateway.call("GetItem", request).get("Item")
        return found

    def change(
        self, key: Item, decide: Callable[[Item | None], Item | None], names: Collection[str]
    ) -> Item | None:
        """Writes what `decide` makes of the stored item; None removes it. The written item.

        Decides anew where one of these attributes changed meanwhile. Raises `Throttled` where that
        happened too often, `UniqueValueTaken`, and what `decide` raises.
        """
        foreign: set[str] = set()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            old = self.read(key)
            new = decide(old)
            if new == old:
                return new
            try:
                self.write(key, new, condition=self._as(old, names), old=old, foreign=foreign)
            except ClaimMoved as moved:
                foreign.add(moved.key)
            except ItemChanged:
                self.gateway.retry.sleep(self.gateway.retry.pause(attempt))
            else:
                return new
        raise Throttled(
            operation="TransactWriteItems",
            table=self.name,
            key=key_text(key),
            attempts=MAX_ATTEMPTS,
            detail="other writers changed the item each time",
        )

    def write_expecting(self, key: Item, new: Item | None, old: Item | None) -> None:
        """Writes where the stored item is this one (None: absent), else raises `ItemChanged`."""
        foreign: set[str] = set()
        while True:
            condition = self._as(old, self.known | (old or {}).keys())
            try:
                self.write(key, new, condition=condition, old=old, foreign=foreign)
            except ClaimMoved as moved:
                foreign.add(moved.key)
            else:
                return

    def write(
        self,
        key: Item,
        new: Item | None,
        *,
        condition: Condition | None = None,
        old: Item | None = None,
        foreign: Collection[str] = (),
        also: Sequence[ItemAction] = (),
    ) -> None:
        """Puts the new item, or removes the stored one, in one transaction with its claims.

        `foreign` are claims of the old item that another item holds, `also` actions to go first.
        Raises `ItemChanged` where the condition does not hold, `UniqueValueTaken`, `ClaimMoved` for
        another claim to leave alone, and as `also` says.
        """
        held = {} if old is None else claim_keys(self.table, old)
        wanted = {} if new is None else claim_keys(self.table, new)
        owner = owner_of(self.table, key)
        taken = {
            claim: self._taken(names, new or {}) for claim, names in wanted.items() - held.items()
        }
        moved = {claim: ClaimMoved(claim) for claim in held.keys() - wanted.keys() - {*foreign}}
        actions = (
            *also,
            self._item_action(key, new, condition),
            *(self._claim_action(ActionKind.PUT, *each, owner) for each in taken.items()),
            *(self._claim_action(ActionKind.DELETE, *each, owner) for each in moved.items()),
        )
        DynamoDBTransaction(self.gateway, self.ids.new_id(), actions).commit()

    def set_claim(
        self, claim: str, key: Item, *, is_held: bool, also: Sequence[ItemAction] = ()
    ) -> None:
        """Takes a claim for the item of this key, or removes it. Raises `ClaimMoved`."""
        kind, owner = ActionKind.PUT if is_held else ActionKind.DELETE, owner_of(self.table, key)
        action = self._claim_action(kind, claim, ClaimMoved(claim), owner)
        DynamoDBTransaction(self.gateway, self.ids.new_id(), (*also, action)).commit()

    def _taken(self, names: tuple[str, ...], item: Item) -> UniqueValueTaken:
        return UniqueValueTaken(self.table.name, names, tuple(python(item[name]) for name in names))

    def _item_action(self, key: Item, new: Item | None, condition: Condition | None) -> ItemAction:
        changed = ItemChanged(self.table.name, key_text(key))
        return ItemAction(
            kind=ActionKind.DELETE if new is None else ActionKind.PUT,
            table=self.name,
            model=self._model.of(key if new is None else new),
            condition=condition,
            refusals=() if condition is None else (RefusedWith(changed),),
        )

    def _claim_action(
        self, kind: ActionKind, claim: str, refusal: Conflict, owner: str
    ) -> ItemAction:
        return ItemAction(
            kind=kind,
            table=self.claims,
            model=ClaimModel(pk=claim, owner=owner, rank=RUN_TIME),
            condition=ClaimModel.pk.does_not_exist() | (ClaimModel.owner == owner),
            refusals=(RefusedWith(refusal),),
        )

    def _as(self, old: Item | None, names: Iterable[str]) -> Condition:
        """That the stored item is the old one, as far as these attributes tell."""
        place = Path([self.table.hash_key])
        if old is None:
            return place.does_not_exist()
        compared = sorted({*names} - {*self.table.key_names})
        each = (
            Path([name]) == dict(old[name]) if name in old else Path([name]).does_not_exist()
            for name in compared
        )
        return reduce(and_, each, place.exists())


@frozen
class ClaimMoved(Conflict):
    """A claim is another item's."""

    key: str = field(repr=False)

    def __str__(self) -> str:
        return "a claim is that of another item"


@frozen
class RefusedWith(Refusal):
    """Of a condition whose only meaning is this error.

    Nothing in an item tells which commit wrote it: the token of the transaction does.
    """

    conflict: Conflict

    @override
    def error(self, old: Item | None) -> Conflict | None:
        return self.conflict

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        return Verdict.UNKNOWN
