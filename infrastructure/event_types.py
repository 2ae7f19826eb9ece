"""Every event type that is stored, of all contexts."""

from __future__ import annotations

from infrastructure.event_registry import EventRegistry
from infrastructure.orders import ORDER_EVENTS

EVENT_TYPES = EventRegistry(ORDER_EVENTS)
"""Checked when this is imported: a gap between upcasters does not wait for an old event."""
