"""Which events of users leave the service. Names, passwords and sessions concern nobody else."""

from __future__ import annotations

from application.message_types import MessageType
from domain.users import events

USERS = "users"
"""The destination: a queue, topic or bus, see `DYNASTRATA_USERS_DESTINATION`."""

USER_MESSAGES = (
    MessageType("UserRegistered", events.UserRegistered, USERS),
    MessageType("EmailVerified", events.EmailVerified, USERS),
    MessageType("EmailChanged", events.EmailChanged, USERS),
    MessageType("UserBanned", events.UserBanned, USERS),
    MessageType("UserUnbanned", events.UserUnbanned, USERS),
    MessageType("UserRemoved", events.UserRemoved, USERS),
)
