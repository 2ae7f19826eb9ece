"""The outbox's part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from api.cli.demo_steps import Step
from api.container import Container
from application.ports.outbox import OutboxMessage
from application.ports.relay_queue import Waiting
from infrastructure.message_registry import AGGREGATE_VERSION


@frozen
class Left:
    """A message that left the service, without the ids that differ each time."""

    message: str
    destination: str
    of: str
    version: str


class OutboxStory:
    """A relay publishes what the users and the order of the demo caused, and nothing else."""

    def __init__(self, container: Container, ordering_keys: Callable[[], list[str]]) -> None:
        self._container = container
        self._ordering_keys = ordering_keys

    def steps(self) -> Iterator[Step]:
        """The story."""
        yield "publish what waits", self._publish
        yield "look for more", self._look

    def left(self) -> list[Left]:
        """What was published, in that order."""
        return [_left(message) for message in self._container.memory_publisher().published]

    def _publish(self) -> str:
        waiting = [Waiting(key, frozenset()) for key in self._ordering_keys()]
        report = self._container.relay().work(waiting)
        return f"{report.published} messages marked as published"

    def _look(self) -> str:
        for _ in self._container.relay_queue().waiting():
            pass  # what else is in these tables is not the demo's
        return "nothing: the index of pending messages was read"


def _left(message: OutboxMessage) -> Left:
    return Left(
        message=message.message_type,
        destination=message.destination,
        of=message.aggregate_type or "",
        version=message.headers.get(AGGREGATE_VERSION, ""),
    )
