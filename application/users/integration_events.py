"""The integration events of users. Names, passwords and sessions concern nobody else."""

from __future__ import annotations

from application.integration_events import IntegrationEvent
from domain.users import events

DESTINATION = "users"
"""The destination: a queue, topic or bus, see `DYNASTRATA_USERS_DESTINATION`."""

USER_INTEGRATION_EVENTS = (
    IntegrationEvent("UserRegistered", events.UserRegistered, DESTINATION),
    IntegrationEvent("EmailVerified", events.EmailVerified, DESTINATION),
    IntegrationEvent("EmailChanged", events.EmailChanged, DESTINATION),
    IntegrationEvent("UserBanned", events.UserBanned, DESTINATION),
    IntegrationEvent("UserUnbanned", events.UserUnbanned, DESTINATION),
    IntegrationEvent("UserRemoved", events.UserRemoved, DESTINATION),
)
