"""Running several projectors at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from infrastructure.projections.runner import ProjectorRunner
from infrastructure.system.work import WorkThread


class ProjectionRunner:
    """Runs several projectors at once, each in a thread of its own."""

    def __init__(self, runners: Sequence[ProjectorRunner]) -> None:
        self.runners = runners

    @property
    def is_late(self) -> bool:
        """Whether any has done nothing that succeeded for two minutes. For any thread."""
        return any(runner.rounds.is_late for runner in self.runners)

    def run(self) -> None:
        """Runs all of them until stopped."""
        self._together(lambda runner: runner.run())

    def catch_up(self) -> None:
        """Lets each catch up. Raises what the first one that failed raised, once all have ended."""
        self._together(lambda runner: runner.catch_up())

    def rebuild(self) -> None:
        """Lets each begin from nothing and catch up. Raises as `catch_up` does."""
        self._together(lambda runner: runner.rebuild())

    def stop(self) -> None:
        """Ends `run` once what is begun is ended. For any thread."""
        for runner in self.runners:
            runner.stop()

    def _together(self, work: Callable[[ProjectorRunner], None]) -> None:
        threads = [
            WorkThread(f"projector {runner.projector}", partial(work, runner))
            for runner in self.runners
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for thread in threads:
            if thread.error is not None:
                raise thread.error
