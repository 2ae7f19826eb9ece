"""The table of events. Names and formats here are stored: never change them."""

from __future__ import annotations

from functools import cache
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from domain.errors import InvalidValue
from infrastructure.events.packing import PACKED
from infrastructure.events.streams import EVENTS

PARTITION_KEY = "pk"
SORT_KEY = "sk"


class EventModel(Model):
    """One event: `pk` is `{aggregateType}:{aggregateId}`, escaped; `sk` is its version, from 1."""

    class Meta:
        """Read by PynamoDB."""

        table_name = EVENTS
        stream_view_type = "NEW_IMAGE"

    pk = UnicodeAttribute(hash_key=True, attr_name=PARTITION_KEY)
    sk = NumberAttribute(range_key=True, attr_name=SORT_KEY)
    event_id = UnicodeAttribute(attr_name="eventId")
    aggregate_id = UnicodeAttribute(attr_name="aggregateId")
    aggregate_type = UnicodeAttribute(attr_name="aggregateType")
    event_type = UnicodeAttribute(attr_name="eventType")
    version = NumberAttribute()
    timestamp = UnicodeAttribute()
    event_data = UnicodeAttribute(attr_name="eventData")
    # Not a JSONAttribute: its text is not the same for the same value.
    metadata = UnicodeAttribute()
    # Written once: whether the same commit put the event's messages into the outbox.
    is_dispatched = BooleanAttribute(attr_name="isDispatched")
    commit_id = UnicodeAttribute(attr_name="commitId")
    commit_first = NumberAttribute(attr_name="commitFirst")
    commit_count = NumberAttribute(attr_name="commitCount")


class PackedCommitModel(Model):
    """All events of one commit: `sk` is the version of the first of them."""

    class Meta:
        """Read by PynamoDB."""

        table_name = EVENTS

    pk = UnicodeAttribute(hash_key=True, attr_name=PARTITION_KEY)
    sk = NumberAttribute(range_key=True, attr_name=SORT_KEY)
    commit_id = UnicodeAttribute(attr_name="commitId")
    commit_first = NumberAttribute(attr_name="commitFirst")
    commit_count = NumberAttribute(attr_name="commitCount")
    # Of the first event: the others say how much later they are.
    timestamp = UnicodeAttribute()
    packed = BinaryAttribute(attr_name=PACKED, legacy_encoding=False)


def event_model(
    *, partition_key: str = PARTITION_KEY, sort_key: str = SORT_KEY, streams_enabled: bool = True
) -> type[EventModel]:
    """The model of an events table with keys of these names, with or without a stream.

    Raises `InvalidValue` for a key that has the name of another attribute.
    """
    models: tuple[type[Model], ...] = (EventModel, PackedCommitModel)
    attributes = [each for model in models for each in model.get_attributes().values()]
    taken = {each.attr_name for each in attributes if not _is_key(each)}
    for field, name in (("partition_key", partition_key), ("sort_key", sort_key)):
        if name in taken:
            raise InvalidValue(field, "must not be another attribute of an event")
        taken.add(name)

    class KeyedEventModel(EventModel):
        """As `EventModel`."""

        class Meta:
            """Read by PynamoDB."""

            table_name = EVENTS
            stream_view_type = "NEW_IMAGE" if streams_enabled else None

        pk = UnicodeAttribute(hash_key=True, attr_name=partition_key)
        sk = NumberAttribute(range_key=True, attr_name=sort_key)
        # PynamoDB keeps key names here: those of `EventModel`, if it were inherited.
        _connection = None

    return KeyedEventModel


@cache
def packed_model(model: type[EventModel]) -> type[PackedCommitModel]:
    """The model of packed commits in the table of this one: its keys have the same names."""

    class KeyedPackedCommitModel(PackedCommitModel):
        """As `PackedCommitModel`."""

        class Meta:
            """Read by PynamoDB."""

            table_name = EVENTS

        pk = UnicodeAttribute(hash_key=True, attr_name=model.pk.attr_name)
        sk = NumberAttribute(range_key=True, attr_name=model.sk.attr_name)
        _connection = None  # as above

    return KeyedPackedCommitModel


def _is_key(attribute: Attribute[Any]) -> bool:
    return attribute.is_hash_key or attribute.is_range_key
