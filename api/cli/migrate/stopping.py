"""Running what a signal stops, and an interrupt ends at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, TypeVar

from api.cli.working import until_stopped

if TYPE_CHECKING:
    from infrastructure.migration.engines.stopping import Stoppable

T = TypeVar("T")


def result_of(stoppable: Stoppable, work: Callable[[], T]) -> T:
    """What the work gives, also where it was stopped. Raises `KeyboardInterrupt`."""
    found: list[T] = []
    try:
        until_stopped(stoppable, lambda: found.append(work()), TIMEOUT_MAX)
    except KeyboardInterrupt:
        stoppable.kill()
        raise
    return found[0]
