"""The integration events of orders. Lines that come and go before it is paid are not among them."""

from __future__ import annotations

from application.integration_events import IntegrationEvent
from domain.orders import events

DESTINATION = "orders"
"""The destination: a queue, topic or bus, see `DYNASTRATA_ORDERS_DESTINATION`."""

ORDER_INTEGRATION_EVENTS = (
    IntegrationEvent("OrderPlaced", events.OrderPlaced, DESTINATION),
    IntegrationEvent("OrderPaid", events.OrderPaid, DESTINATION),
    IntegrationEvent("OrderCancelled", events.OrderCancelled, DESTINATION),
)
