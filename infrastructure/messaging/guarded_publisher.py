"""A publisher whose destination is left alone while it is out."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from typing_extensions import override

from application.ports.outbox import OutboxMessage
from application.ports.publisher import NotSent, Outcome, Unavailable
from infrastructure.messaging.forwarding_publisher import ForwardingPublisher
from infrastructure.system.breakers import Breaker

_LEFT_ALONE = Unavailable("the destination is out: it was not asked")


@frozen
class GuardedPublisher(ForwardingPublisher):
    """Sends by another publisher as long as the breaker admits it.

    A request of which every message that was tried met an unavailable destination counts as a
    failure, every other one as a success: the destination answered.
    """

    breaker: Breaker

    @property
    @override
    def is_available(self) -> bool:
        return self.publisher.is_available and self.breaker.is_ready

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """See the port. Nothing is sent where the destination is left alone."""
        if not messages:
            return []
        if not self.breaker.admit():
            return [_LEFT_ALONE] * len(messages)
        failure: str | None = "publishing raised an error"
        try:
            outcomes = self.publisher.publish(messages)
            failure = _outage(outcomes)
        finally:
            self.breaker.tell(failure)
        return outcomes


def _outage(outcomes: Sequence[Outcome]) -> str | None:
    """Why nothing got through, if that was because of the destination."""
    tried = [outcome for outcome in outcomes if not isinstance(outcome, NotSent)]
    reasons = [outcome.reason for outcome in tried if isinstance(outcome, Unavailable)]
    return reasons[0] if reasons and len(reasons) == len(tried) else None
