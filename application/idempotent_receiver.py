"""The idempotent receiver: handles a message that may be delivered more than once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from application.ports.inbox import MessageAlreadyHandled
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.retry_on_conflict import retry_on_conflict


@frozen(kw_only=True)
class Delivery:
    """One delivery of a message to a consumer, whose name must stay the same for ever."""

    consumer: str
    message_id: str
    at: datetime


def process_once(
    unit_of_work: UnitOfWorkFactory, delivery: Delivery, effect: Callable[[UnitOfWork], None]
) -> bool:
    """Gives the message its effect unless it had it before; whether it had it now.

    Either way the message can be acknowledged. What `effect` stages is committed together with
    the memory of the message, so that it happens once, however often and whenever the message is
    delivered. It may be called again where another commit came first, so it must not do anything
    else. Raises what `effect` and `UnitOfWork.commit` raise: then do not acknowledge.
    """

    def attempt() -> bool:
        with unit_of_work() as unit:
            if unit.inbox.knows(delivery.consumer, delivery.message_id):
                return False
            unit.inbox.remember(delivery.consumer, delivery.message_id, delivery.at)
            effect(unit)
            unit.commit()
        return True

    try:
        return retry_on_conflict(attempt)
    except MessageAlreadyHandled:
        return False
