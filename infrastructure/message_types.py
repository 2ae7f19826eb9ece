"""Every event type that leaves the service, of all contexts."""

from __future__ import annotations

from application.orders.messages import ORDER_MESSAGES
from application.users.messages import USER_MESSAGES
from infrastructure.message_registry import MessageRegistry

MESSAGE_TYPES = MessageRegistry((*USER_MESSAGES, *ORDER_MESSAGES))
"""Checked when this is imported: a name that is declared twice does not wait for its event."""
