"""The table of snapshots. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from infrastructure.events.snapshots import SNAPSHOTS


class SnapshotModel(Model):
    """The folded state of one stream: `pk` is that of its events, `state` base64 of JSON."""

    class Meta:
        """Read by PynamoDB."""

        table_name = SNAPSHOTS

    pk = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    schema_version = NumberAttribute(attr_name="schemaVersion")
    state = UnicodeAttribute()
