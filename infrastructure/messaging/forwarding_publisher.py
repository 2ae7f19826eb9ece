"""A publisher around another one."""

from __future__ import annotations

from attrs import frozen
from typing_extensions import override

from application.ports.publisher import Publisher


@frozen
class ForwardingPublisher(Publisher):
    """As the other one is, but for what a subclass does otherwise: `publish` at least."""

    publisher: Publisher

    @property
    @override
    def timeout(self) -> float:
        return self.publisher.timeout

    @property
    @override
    def max_messages(self) -> int:
        return self.publisher.max_messages

    @property
    @override
    def is_available(self) -> bool:
        return self.publisher.is_available
