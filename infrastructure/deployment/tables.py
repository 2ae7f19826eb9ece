"""Tables as CloudFormation describes them: those that the table initializer creates."""

from __future__ import annotations

import re
from typing import Any

from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema

RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""For what holds data: it stays when the stack goes, or when it is replaced."""


def table_resource(schema: TableSchema, capacity: Capacity) -> dict[str, Any]:
    """A table with what its model asks for, backups, and encryption by a key that AWS owns.

    Such a key costs nothing, and needs no permission of those who read and write.
    """
    properties = schema.creation(capacity)
    if schema.stream_view is not None:
        # For CloudFormation a stream is enabled by having a view.
        properties["StreamSpecification"] = {"StreamViewType": schema.stream_view}
    if schema.ttl_attribute is not None:
        properties["TimeToLiveSpecification"] = {
            "AttributeName": schema.ttl_attribute,
            "Enabled": True,
        }
    properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
    properties["SSESpecification"] = {"SSEEnabled": False}
    return {"Type": "AWS::DynamoDB::Table", **RETAINED, "Properties": properties}


def logical_id(name: str, suffix: str) -> str:
    """The id of a resource in the template: `tagged-events` and `Table` give `TaggedEventsTable`.

    CloudFormation knows a resource by it, and would replace one whose id changes.
    """
    words = re.split(r"[^A-Za-z0-9]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words) + suffix
