"""Timestamps as they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def timestamp_text(timestamp: datetime) -> str:
    """ISO 8601 in UTC."""
    return timestamp.astimezone(UTC).isoformat()


def milliseconds(timestamp: datetime) -> int:
    """Unix milliseconds, for timestamps that are compared where they are stored."""
    return (timestamp - _EPOCH) // _MILLISECOND


def from_milliseconds(stored: int) -> datetime:
    """The timestamp that `milliseconds` made this of."""
    return _EPOCH + stored * _MILLISECOND
