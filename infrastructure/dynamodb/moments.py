"""Moments as they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment_text(moment: datetime) -> str:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat()


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds, for moments that are compared where they are stored."""
    return (moment - _EPOCH) // _MILLISECOND


def from_milliseconds(stored: int) -> datetime:
    """The moment that `milliseconds` made this of."""
    return _EPOCH + stored * _MILLISECOND
