"""The PynamoDB models: keys, indexes, attribute names and types of every table."""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.models import Model

from infrastructure.dynamodb.models.checkpoints import CheckpointModel
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.models.failures import FailureModel
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import OutboxModel
from infrastructure.dynamodb.models.projection_states import ProjectionStateModel
from infrastructure.dynamodb.models.snapshots import SnapshotModel
from infrastructure.dynamodb.models.tagged_events import GuardModel, TaggedEventModel

SHARED: Mapping[str, type[Model]] = {
    model.Meta.table_name: model
    for model in (
        EventModel,
        SnapshotModel,
        CheckpointModel,
        OutboxModel,
        InboxModel,
        FailureModel,
        TaggedEventModel,
        GuardModel,
        ProjectionStateModel,
    )
}
"""The models of the tables that all contexts share, by logical name."""
