"""Leases and checkpoints in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from attrs import frozen
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as UpdateAction
from typing_extensions import override

from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.mappers.leases import is_lease
from infrastructure.dynamodb.mappers.timestamps import milliseconds
from infrastructure.dynamodb.models.checkpoints import CheckpointModel
from infrastructure.subscriptions.leases import Checkpoint, CheckpointLease, CheckpointTable


@frozen
class DynamoDBCheckpointTable(CheckpointTable):
    """Leases and checkpoints. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    @override
    def take(
        self, subscription: str, owner: str, now: datetime, until: datetime
    ) -> CheckpointLease | None:
        """See `CheckpointTable`. Costs a write unit also where another one holds the lease."""
        model = CheckpointModel
        is_free = model.owner.does_not_exist() | (model.lease_until <= milliseconds(now))
        is_void = model.written_at > milliseconds(now + MAX_CLOCK_DIFFERENCE)
        # So a request that comes twice, or late, does not end the lease that followed it.
        ends = milliseconds(until)
        is_another = (model.lease_until < ends) | (
            (model.lease_until == ends) & (model.revision > 0)
        )
        updates = [
            model.owner.set(owner),
            model.lease_until.set(ends),
            model.written_at.set(milliseconds(now)),
            model.token.set((model.token | 0) + 1),
            model.revision.set(0),
        ]
        condition = is_free | ((model.owner == owner) & is_another) | is_void
        request = self._update(subscription, updates, condition)
        try:
            answer = self._gateway.call("UpdateItem", {**request, "ReturnValues": "ALL_NEW"})
            item = CheckpointModel.from_raw_data(answer["Attributes"])
        except ConditionFailed as refused:
            if refused.old is None or not is_lease(refused.old, owner, until):
                return None
            item = CheckpointModel.from_raw_data(dict(refused.old))
        return CheckpointLease(
            name=subscription,
            owner=owner,
            token=int(item.token),
            until=until,
            checkpoint=_parsed(item.checkpoint),
        )

    @override
    def store(
        self,
        subscription: str,
        token: int,
        revision: int,
        checkpoint: Checkpoint | None,
        *,
        now: datetime,
        until: datetime | None,
    ) -> bool:
        """See `CheckpointTable`. A write unit for every KB of the checkpoint."""
        model = CheckpointModel
        updates: list[UpdateAction] = [
            model.revision.set(revision),
            model.written_at.set(milliseconds(now)),
        ]
        if checkpoint is not None:
            updates.append(model.checkpoint.set(orjson.dumps(dict(checkpoint)).decode()))
        if until is None:
            updates += [model.owner.remove(), model.lease_until.remove()]
        else:
            updates.append(model.lease_until.set(milliseconds(until)))
        # The same request, sent again after a lost answer, meets its own revision.
        is_ours = (model.token == token) & (model.revision <= revision)
        try:
            self._gateway.call("UpdateItem", self._update(subscription, updates, is_ours))
        except ConditionFailed:
            return False
        return True

    def _update(
        self, subscription: str, updates: Sequence[UpdateAction], condition: Condition
    ) -> dict[str, Any]:
        item = CheckpointModel(subscription)
        request = item.get_update_kwargs_from_instance(list(updates), condition, "ALL_OLD")
        return {**request, "TableName": self._name}


def _parsed(checkpoint: str | None) -> Checkpoint | None:
    return None if checkpoint is None else orjson.loads(checkpoint)
