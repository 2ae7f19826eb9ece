"""Times to test with."""

from __future__ import annotations

from datetime import UTC, datetime

# In the future: engines remove what expires before their own now, also in the middle of a test.
NOW = datetime(2046, 11, 20, 12, 0, tzinfo=UTC)
