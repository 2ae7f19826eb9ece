"""Snapshots in a DynamoDB table."""

from __future__ import annotations

from base64 import b64decode, b64encode

from pynamodb.exceptions import AttributeDeserializationError
from typing_extensions import override

from application.errors import UnreadableState
from domain.consistency import StreamId
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.mappers.writing import put_of
from infrastructure.dynamodb.models.snapshots import SnapshotModel
from infrastructure.events.snapshots import Snapshot, SnapshotTable
from infrastructure.events.streams import stream_key


class DynamoDBSnapshotTable(SnapshotTable):
    """Snapshots of streams. `name` is the physical table."""

    def __init__(self, gateway: Gateway, name: str) -> None:
        self._gateway = gateway
        self._name = name

    @override
    def read(self, stream: StreamId) -> Snapshot | None:
        """See `SnapshotTable`. Eventually consistent: the tail is read after it anyway."""
        key = {"pk": {"S": stream_key(stream)}}
        answer = self._gateway.call("GetItem", {"TableName": self._name, "Key": key})
        if "Item" not in answer:
            return None
        try:
            stored = SnapshotModel.from_raw_data(dict(answer["Item"]))
            return Snapshot(
                stream=stream,
                version=int(stored.version),
                schema_version=int(stored.schema_version),
                state=b64decode(stored.state, validate=True),
            )
        except (AttributeDeserializationError, TypeError, ValueError) as error:
            raise UnreadableState(stream.type, stream.id, f"its snapshot: {error}") from error

    @override
    def write(self, snapshot: Snapshot) -> bool:
        model = SnapshotModel(
            pk=stream_key(snapshot.stream),
            version=snapshot.version,
            schema_version=snapshot.schema_version,
            state=b64encode(snapshot.state).decode("ascii"),
        )
        newer = SnapshotModel.pk.does_not_exist() | (SnapshotModel.version < snapshot.version)
        request = put_of(model, newer)
        try:
            self._gateway.call("PutItem", {**request, "TableName": self._name})
        except ConditionFailed:
            return False
        return True
