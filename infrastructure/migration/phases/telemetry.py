"""What is counted while a table moves."""

from __future__ import annotations

import structlog

from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.phases.phase import Side
from infrastructure.telemetry import names
from infrastructure.telemetry.telemetry import Telemetry

logger = structlog.get_logger(__name__)


class MoveTelemetry:
    """Counters, and one line of the log each. Neither tells a value, but for keys."""

    def __init__(self, telemetry: Telemetry | None = None) -> None:
        meter = (telemetry or Telemetry()).meter
        self._differences = meter.create_counter(
            names.MIGRATION_DIFFERENCES, "{item}", "Items that differ when both sides are read."
        )
        self._behind = meter.create_counter(
            names.MIGRATION_BEHIND, "{write}", "Writes that one side has and the other lacks."
        )

    def differs(self, table: str, key: Item, attributes: list[str]) -> None:
        """Both sides were read, with nobody writing, and differ in these attributes."""
        self._differences.add(1, {names.DB_COLLECTION: table})
        logger.warning("the sides differ", table=table, key=key_text(key), attributes=attributes)

    def behind(self, table: str, key: Item, side: Side, error: Exception) -> None:
        """A write reached the leading side and not this one."""
        self._behind.add(1, {names.DB_COLLECTION: table, names.ERROR_TYPE: type(error).__name__})
        where = {"table": table, "key": key_text(key), "side": side.value}
        logger.warning("a side is behind", **where, error=type(error).__name__)
