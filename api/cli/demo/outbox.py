"""The outbox's part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from api.cli.demo.story import Step, Story, StoryResult
from application.ports.relay_queue import PendingKey

if TYPE_CHECKING:
    from api.container import Container


class OutboxStory(Story):
    """A relay publishes what the other stories caused, and nothing else."""

    def __init__(self, container: Container, others: Sequence[Story]) -> None:
        self._container = container
        self._others = others

    @override
    def prepare(self) -> None:
        """Nothing is left of what was published."""

    @override
    def steps(self) -> Iterator[Step]:
        yield "publish what is pending", self._publish
        yield "look for more", self._look

    @override
    def result(self) -> StoryResult:
        """What was published, in that order, without ids and versions: they differ each time."""
        return StoryResult(
            "published",
            "What was published, in order for each of them",
            [
                {
                    "message": message.message_type,
                    "destination": message.destination,
                    "of": message.aggregate_type or "",
                }
                for message in self._container.memory_publisher().published
            ],
        )

    @override
    def ordering_keys(self) -> list[str]:
        """None: it causes no messages."""
        return []

    def _publish(self) -> str:
        keys = [key for story in self._others for key in story.ordering_keys()]
        report = self._container.relay().work([PendingKey(key, frozenset()) for key in keys])
        return f"{report.published} messages marked as published"

    def _look(self) -> str:
        for _ in self._container.relay_queue().pending():
            pass  # what else is in these tables is not the demo's
        return "nothing: the index of pending messages was read"
