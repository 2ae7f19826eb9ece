"""The actions of a transaction, and what it means when one of them is refused."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Protocol

from attrs import field, frozen
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as UpdateAction
from pynamodb.models import Model

from domain.errors import Conflict
from infrastructure.commit.participant import Action
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.writing import key_of, key_values, put_of


class Verdict(Enum):
    """What an item tells about a commit whose answer was lost."""

    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Refusal(Protocol):
    """Translates what it means that a condition was not met."""

    def error(self, old: Item | None) -> Conflict | None:
        """The error that the refusal means, given the item that was found (None: no item).

        None where this item meets this one's part of a condition that others share.
        """
        ...

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Whether this item shows that an earlier attempt of the commit was applied."""
        ...


class ActionKind(Enum):
    """What an action does to its item, by the names of the service."""

    PUT = "Put"
    UPDATE = "Update"
    DELETE = "Delete"
    CHECK = "ConditionCheck"


@frozen(kw_only=True)
class ItemAction(Action):
    """One action on one item of a table, which goes by its physical name.

    `model` holds the item (for all but a put, its key is enough). `refusals` translate a
    condition that was not met; an action without a condition has none. `repeatable` says that
    sending the action again, after it was applied and others changed the item, cannot apply it
    again: true of a change that its version guards, false of a creation or a removal.
    """

    kind: ActionKind
    table: str
    model: Model
    condition: Condition | None = None
    refusals: tuple[Refusal, ...] = ()
    updates: Sequence[UpdateAction] = field(default=())
    repeatable: bool = False

    @property
    def key(self) -> Item:
        """The primary key of the item."""
        return key_of(self.model)

    @property
    def place(self) -> tuple[object, ...]:
        """Tells its item from all others."""
        return self.table, *key_values(self.model)

    def request(self) -> dict[str, Any]:
        """The action as the service takes it, alone or in a transaction."""
        # The model knows the logical name alone: it may serve two tables in one process.
        request = self._build()
        request["TableName"] = self.table
        return request

    def _build(self) -> dict[str, Any]:
        if self.kind is ActionKind.PUT:
            return put_of(self.model, self.condition)
        asking_for_old = "ALL_OLD" if self.condition is not None else None
        if self.kind is ActionKind.UPDATE:
            return self.model.get_update_kwargs_from_instance(
                list(self.updates), self.condition, asking_for_old
            )
        # A condition check has the shape of a delete: a key and a condition.
        return self.model.get_delete_kwargs_from_instance(self.condition, asking_for_old)
