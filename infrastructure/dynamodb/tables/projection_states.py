"""States of projections, and heartbeats, in one DynamoDB table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from attrs import frozen
from pynamodb.expressions.condition import Condition
from typing_extensions import override

from application.ports.projection_store import Lifecycle, RunningInstance, Stamp
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.mappers.projection_states import (
    to_heartbeat,
    to_instance,
    to_stored,
    updates_of,
)
from infrastructure.dynamodb.mappers.writing import put_of
from infrastructure.dynamodb.models.projection_states import HeartbeatModel, ProjectionStateModel
from infrastructure.projections.table import (
    HEARTBEATS,
    STATE_DATA,
    HeartbeatTable,
    ProjectionStateTable,
    Refused,
    StoredState,
)

_WITHOUT_DATA = [
    name
    for each in ProjectionStateModel.get_attributes().values()
    if (name := each.attr_name) != STATE_DATA
]


@frozen
class DynamoDBProjectionStateTable(ProjectionStateTable):
    """States and tombstones. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    @override
    def read(self, projector: str, version: str) -> StoredState | None:
        """See `ProjectionStateTable`. One request."""
        request = {
            "TableName": self._name,
            "Key": {"pk": {"S": projector}, "sk": {"S": version}},
            "ConsistentRead": True,
        }
        answer = self._gateway.call("GetItem", request)
        return to_stored(answer["Item"]) if "Item" in answer else None

    @override
    def write(
        self, stored: StoredState, expected: Stamp | None, *, deleted: bool = False
    ) -> Refused | None:
        """See `ProjectionStateTable`. One request."""
        item = ProjectionStateModel(stored.state.projector, stored.state.version)
        request = item.get_update_kwargs_from_instance(
            updates_of(stored, keeps_created=expected is not None and not deleted),
            _condition(expected, deleted=deleted),
            "ALL_OLD",
        )
        try:
            self._gateway.call("UpdateItem", {**request, "TableName": self._name})
        except ConditionFailed as refused:
            found = None if refused.old is None else to_stored(refused.old)
            return Refused(found, refused.maybe_applied)
        return None

    @override
    def all(self, projector: str | None = None) -> Iterator[StoredState]:
        """See `ProjectionStateTable`. One request a page of 1 MB, with the data that it skips."""
        names = {f"#{number}": name for number, name in enumerate(_WITHOUT_DATA)}
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        if projector is not None:
            request["KeyConditionExpression"] = "pk = :projector"
            request["ExpressionAttributeValues"] = {":projector": {"S": projector}}
        for page in pages(self._gateway, "Scan" if projector is None else "Query", request):
            yield from (to_stored(item) for item in page if item["pk"]["S"] != HEARTBEATS)


@frozen
class DynamoDBHeartbeatTable(HeartbeatTable):
    """Heartbeats, all under one key. `name` is the physical table, that of the states."""

    _gateway: Gateway
    _name: str

    @override
    def put(self, instance: RunningInstance, expires: datetime) -> None:
        """See `HeartbeatTable`. One request."""
        model = to_heartbeat(instance, expires)
        is_newer = HeartbeatModel.last_seen < model.last_seen
        condition = HeartbeatModel.pk.does_not_exist() | is_newer
        request = put_of(model, condition)
        with suppress(ConditionFailed):
            self._gateway.call("PutItem", {**request, "TableName": self._name})

    @override
    def all(self) -> Iterable[RunningInstance]:
        """See `HeartbeatTable`. One request a page."""
        request = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :heartbeats",
            "ExpressionAttributeValues": {":heartbeats": {"S": HEARTBEATS}},
        }
        for page in pages(self._gateway, "Query", request):
            yield from map(to_instance, page)


def _condition(expected: Stamp | None, *, deleted: bool) -> Condition:
    model = ProjectionStateModel
    if expected is None:
        return model.pk.does_not_exist()
    name = Lifecycle.DELETED.value
    is_at: Condition = (
        (model.generation == expected.generation)
        & (model.revision == expected.revision)
        & (model.lifecycle == name if deleted else model.lifecycle != name)
    )
    return is_at
