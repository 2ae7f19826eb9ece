"""Every context of this service."""

from __future__ import annotations

from infrastructure.contexts.context import Contexts
from infrastructure.contexts.courses import COURSES
from infrastructure.contexts.orders import ORDERS
from infrastructure.contexts.users import USERS

REGISTERED = Contexts(
    [
        USERS,
        ORDERS,
        COURSES,
    ]
)
"""Checked when this is imported: a gap between upcasters does not wait for an old event."""
