"""The table of projection states. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.models import Model

from infrastructure.projections.table import PROJECTION_STATES, STATE_DATA


class ProjectionStateModel(Model):
    """The state of one version of a projector, or a tombstone: `pk` is the projector, `sk` that.

    `generation` and `revision` are its stamp; `writeId` tells the write that stored it.
    `stateData` is compressed with gzip, and absent where a blob has it. Times are ISO 8601 in UTC,
    positions are text.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = PROJECTION_STATES

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    payload_type = UnicodeAttribute(attr_name="payloadType")
    last_position = UnicodeAttribute(attr_name="lastPosition", null=True)
    events_processed = NumberAttribute(attr_name="eventsProcessed")
    safe_window_threshold = UnicodeAttribute(attr_name="safeWindowThreshold", null=True)
    build_source = UnicodeAttribute(attr_name="buildSource", null=True)
    build_host = UnicodeAttribute(attr_name="buildHost", null=True)
    generation = NumberAttribute()
    revision = NumberAttribute()
    lifecycle = UnicodeAttribute()
    created_at = UnicodeAttribute(attr_name="createdAt")
    updated_at = UnicodeAttribute(attr_name="updatedAt")
    original_size = NumberAttribute(attr_name="originalSize")
    compressed_size = NumberAttribute(attr_name="compressedSize")
    offload_key = UnicodeAttribute(attr_name="offloadKey", null=True)
    offload_provider = UnicodeAttribute(attr_name="offloadProvider", null=True)
    state_data = BinaryAttribute(attr_name=STATE_DATA, legacy_encoding=False, null=True)
    write_id = UnicodeAttribute(attr_name="writeId")
    # Of the heartbeats beside them, which alone have it.
    ttl = TTLAttribute(null=True)


class HeartbeatModel(Model):
    """An instance that runs a projector: `pk` is `HEARTBEAT#`, `sk` `{projector}#{version}#{name}`.

    `lastSeen` is in unix milliseconds, by the clock of the instance; `ttl` in unix seconds.
    """

    class Meta:
        """Read by PynamoDB. It goes into the table of the states."""

        table_name = PROJECTION_STATES

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    host = UnicodeAttribute()
    last_position = UnicodeAttribute(attr_name="lastPosition", null=True)
    last_seen = NumberAttribute(attr_name="lastSeen")
    ttl = TTLAttribute()
