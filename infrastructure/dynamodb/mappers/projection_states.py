"""Between states of projections, heartbeats, and their items."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import AttributeDeserializationError
from pynamodb.expressions.update import Action as UpdateAction

from application.ports.projection_store import RunningInstance, StateUnreadable
from domain.tagged_events import Position
from infrastructure.dynamodb.items import Item, model_of
from infrastructure.dynamodb.mappers.timestamps import from_milliseconds, milliseconds
from infrastructure.dynamodb.models.projection_states import HeartbeatModel, ProjectionStateModel
from infrastructure.projections.table import HEARTBEATS, StoredState, from_record, to_record

_ATTRIBUTES = ProjectionStateModel.get_attributes()
_KEYS = ("pk", "sk")


def updates_of(stored: StoredState, *, keeps_created: bool) -> list[UpdateAction]:
    """What makes an item that of a state, whatever it was before, but for when it was created."""
    item = model_of(ProjectionStateModel, to_record(stored))
    model = ProjectionStateModel
    updates: list[UpdateAction] = []
    for name, attribute in _ATTRIBUTES.items():
        value = getattr(item, name)
        if value is None:
            updates.append(attribute.remove())
        elif attribute is model.created_at and keeps_created:
            updates.append(model.created_at.set(model.created_at | value))
        elif name not in _KEYS:
            updates.append(attribute.set(value))
    return updates


def to_stored(item: Item) -> StoredState:
    """The state that an item holds, with what was read of it. Raises `StateUnreadable`."""
    try:
        model = ProjectionStateModel.from_raw_data(dict(item))
    except (AttributeDeserializationError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise StateUnreadable(item["pk"]["S"], item["sk"]["S"], problem) from error
    values = {each.attr_name: getattr(model, name) for name, each in _ATTRIBUTES.items()}
    return from_record({name: value for name, value in values.items() if value is not None})


def to_heartbeat(instance: RunningInstance, expires: datetime) -> HeartbeatModel:
    """The item of a heartbeat."""
    return HeartbeatModel(
        pk=HEARTBEATS,
        sk=f"{instance.projector}#{instance.version}#{instance.name}",
        host=instance.host,
        last_position=None if instance.last_position is None else instance.last_position.value,
        last_seen=milliseconds(instance.last_seen),
        ttl=expires,
    )


def to_instance(item: Item) -> RunningInstance:
    """The instance that a heartbeat is of. It was seen within the millisecond."""
    model = HeartbeatModel.from_raw_data(dict(item))
    projector, version, name = model.sk.split("#", 2)
    last_position: str | None = model.last_position
    return RunningInstance(
        name=name,
        host=model.host,
        projector=projector,
        version=version,
        last_position=None if last_position is None else Position(last_position),
        last_seen=from_milliseconds(int(model.last_seen)),
    )
