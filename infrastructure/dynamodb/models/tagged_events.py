"""The tables of tagged events. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from infrastructure.tagged_events.table import TAGGED_EVENTS, TAGS


class AllEventsIndex(GlobalSecondaryIndex["TaggedEventModel"]):
    """All events in the order of their positions, in shards."""

    class Meta:
        """Read by PynamoDB."""

        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True, attr_name="sortableUniqueId")


class TaggedEventModel(Model):
    """One event: `pk` is `EVENT#{event id}`, `gsi1pk` is `ALL_EVENTS` or `ALL_EVENTS#{shard}`.

    `payload`, `tags` and `metadata` are JSON. Where a service id is set, both keys begin with
    `SERVICE#{service id}#`.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = TAGGED_EVENTS
        stream_view_type = "NEW_IMAGE"

    pk = UnicodeAttribute(hash_key=True)
    gsi1pk = UnicodeAttribute()
    position = UnicodeAttribute(attr_name="sortableUniqueId")
    service_id = UnicodeAttribute(attr_name="serviceId", null=True)
    event_id = UnicodeAttribute(attr_name="eventId")
    event_type = UnicodeAttribute(attr_name="eventType")
    tags = UnicodeAttribute()
    payload = UnicodeAttribute()
    timestamp = UnicodeAttribute()
    metadata = UnicodeAttribute()
    commit_id = UnicodeAttribute(attr_name="commitId")
    all_events = AllEventsIndex()


class TagListIndex(GlobalSecondaryIndex["GuardModel"]):
    """All tags. Its keys never change, so moving a guard does not write to it."""

    class Meta:
        """Read by PynamoDB."""

        index_name = "tagList"
        projection = KeysOnlyProjection()

    tag_list = UnicodeAttribute(hash_key=True, attr_name="tagList")
    pk = UnicodeAttribute(range_key=True)


class GuardModel(Model):
    """The guard of a tag: `pk` is `TAG#{tag}`, `TYPE#{event type}` or `ALL`, `sk` is `!guard`.

    `newest` is the position of the newest of the `events` that it counts.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = TAGS

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    events = NumberAttribute()
    newest = UnicodeAttribute()
    commit_id = UnicodeAttribute(attr_name="commitId")
    tag_list = UnicodeAttribute(attr_name="tagList", null=True)
    listed = TagListIndex()


class TagRowModel(Model):
    """One event of a guard, beside it: `sk` is its position.

    It has the attributes of the event, or where that is large only those that it must have.
    """

    class Meta:
        """Read by PynamoDB. It goes into the table of the guards."""

        table_name = TAGS

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    event_id = UnicodeAttribute(attr_name="eventId")
    event_type = UnicodeAttribute(attr_name="eventType")
    tags = UnicodeAttribute()
    payload = UnicodeAttribute(null=True)
    timestamp = UnicodeAttribute(null=True)
    metadata = UnicodeAttribute(null=True)
    commit_id = UnicodeAttribute(attr_name="commitId", null=True)
