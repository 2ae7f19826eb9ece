"""A destination that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from application.ports.outbox import MessageKey, OutboxMessage
from application.ports.publisher import Accepted, Failed, Outcome, Unavailable
from infrastructure.outbox.table import key_of

ALWAYS = 1_000_000


@define
class ScriptedDestination:
    """Implements `Publisher`. Keeps what it accepts, and refuses what it is told to.

    `refusals` says of a message's id how often it is refused yet; `on_message` is called before
    each message is decided on. While it `is_out` it takes nothing; `is_available` is what it says
    of itself.
    """

    timeout: float = 1.0
    max_messages: int = 10
    is_available: bool = True
    is_out: bool = False
    refusals: dict[str, int] = field(factory=dict)
    on_message: Callable[[OutboxMessage], object] = lambda _: None
    tried: list[MessageKey] = field(factory=list)
    accepted: list[OutboxMessage] = field(factory=list)

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """See the port."""
        return [self._decide(message) for message in messages]

    def ids(self, ordering_key: str = "ada") -> list[str]:
        """What it accepted of an ordering key, in that order."""
        return [m.message_id or "" for m in self.accepted if m.ordering_key == ordering_key]

    def _decide(self, message: OutboxMessage) -> Outcome:
        self.on_message(message)
        self.tried.append(key_of(message))
        if self.is_out:
            return Unavailable("no connection")
        left = self.refusals.get(message.message_id or "", 0)
        if left:
            self.refusals[message.message_id or ""] = left - 1
            return Failed("no such queue")
        self.accepted.append(message)
        return Accepted()
