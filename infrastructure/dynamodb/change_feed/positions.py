"""Positions in a shard, and their stored form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from attrs import frozen

StreamRecord = Mapping[str, Any]
"""One record as `GetRecords` gives it."""


class Place(Enum):
    """Where in a shard. The values are stored: never change them."""

    SINCE = "since"
    """What was created since the position's timestamp, after the record with its number if any."""
    START = "start"
    """All of it: the shard came after one that is read to its end."""
    AT = "at"
    AFTER = "after"
    END = "end"
    """Read to its end. With a number: after that record it was said to end, so look once more."""


@frozen
class ShardPosition:
    """How far a shard is read. Nothing unread in it is older than `timestamp`, in unix seconds."""

    place: Place
    timestamp: int
    sequence: str = ""

    def __str__(self) -> str:
        """The stored form: `after:111@1795200000`, `end@1795200000`. Never change it."""
        sequence = f":{self.sequence}" if self.sequence else ""
        return f"{self.place.value}{sequence}@{self.timestamp}"

    @classmethod
    def parse(cls, text: str) -> ShardPosition:
        """The position of a stored form."""
        where, _, timestamp = text.partition("@")
        place, _, sequence = where.partition(":")
        return cls(Place(place), int(timestamp), sequence)

    @property
    def time(self) -> datetime:
        """The timestamp as a time."""
        return datetime.fromtimestamp(self.timestamp, UTC)

    def after(self, record: StreamRecord) -> ShardPosition:
        """The position after a record, or this one if it is further: records can come again."""
        sequence = sequence_of(record)
        is_passed = self.place in (Place.AFTER, Place.END) and bool(self.sequence)
        if is_passed and int(sequence) <= int(self.sequence):
            return self
        return ShardPosition(
            Place.AFTER, max(self.timestamp, created(record, self.timestamp)), sequence
        )


def sequence_of(record: StreamRecord) -> str:
    """The sequence number: digits, too many for a float, to be compared as an integer."""
    return str(record["dynamodb"]["SequenceNumber"])


def created(record: StreamRecord, otherwise: int) -> int:
    """When the record was made, in unix seconds, rounded down by the service."""
    timestamp = record["dynamodb"].get("ApproximateCreationDateTime")
    if timestamp is None:
        return otherwise
    return int(timestamp.timestamp() if isinstance(timestamp, datetime) else timestamp)
