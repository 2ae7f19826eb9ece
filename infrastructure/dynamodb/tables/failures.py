"""Failed attempts in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from attrs import evolve, frozen
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as UpdateAction
from typing_extensions import override

from application.errors import StorageError
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.models.failures import FailureModel
from infrastructure.system.failure_windows import FailureTable, FailureWindow


@frozen
class DynamoDBFailureTable(FailureTable):
    """Failures by window. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    @override
    def add(
        self, key: str, amount: int, *, now: datetime, latest: datetime, until: datetime
    ) -> int:
        """See `FailureTable`. One write; where an old window is still there, one refused before."""
        try:
            return self._add(key, amount, now, latest, until)
        except StorageError as error:
            raise evolve(error, maybe_applied=False) from error  # twice does no harm

    @override
    def window(self, key: str, *, now: datetime, latest: datetime) -> FailureWindow | None:
        request = {"TableName": self._name, "Key": {"id": {"S": key}}, "ConsistentRead": True}
        answer = self._gateway.call("GetItem", request)
        if "Item" not in answer:
            return None
        item = FailureModel.from_raw_data(answer["Item"])
        runs = now < item.ttl <= latest
        return FailureWindow(int(item.failures), item.ttl) if runs else None

    def _add(self, key: str, amount: int, now: datetime, latest: datetime, until: datetime) -> int:
        model = FailureModel
        one_more = [model.failures.add(amount), model.ttl.set(model.ttl | until)]
        with suppress(ConditionFailed):
            runs = (model.ttl > now) & (model.ttl <= latest)
            return self._update(key, one_more, model.ttl.does_not_exist() | runs)
        anew = [model.failures.set(amount), model.ttl.set(until)]
        with suppress(ConditionFailed):
            return self._update(key, anew, (model.ttl <= now) | (model.ttl > latest))
        return self._update(key, one_more)  # somebody else has begun a window in between

    def _update(
        self, key: str, updates: Sequence[UpdateAction], condition: Condition | None = None
    ) -> int:
        """How many there are then. Raises `ConditionFailed`."""
        request = FailureModel(key).get_update_kwargs_from_instance(list(updates), condition)
        request |= {"TableName": self._name, "ReturnValues": "ALL_NEW"}
        answer = self._gateway.call("UpdateItem", request)
        return int(answer["Attributes"]["failures"]["N"])
