"""Which events of orders leave the service. Lines that come and go before it is paid do not."""

from __future__ import annotations

from application.message_types import MessageType
from domain.orders import events

ORDERS = "orders"
"""The destination: a queue, topic or bus, see `DYNASTRATA_ORDERS_DESTINATION`."""

ORDER_MESSAGES = (
    MessageType("OrderPlaced", events.OrderPlaced, ORDERS),
    MessageType("OrderPaid", events.OrderPaid, ORDERS),
    MessageType("OrderCancelled", events.OrderCancelled, ORDERS),
)
