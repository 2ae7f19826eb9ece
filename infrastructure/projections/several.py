"""Running several projectors at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread

from infrastructure.projections.runner import ProjectorRunner


class ProjectionRunner:
    """Runs several projectors at once, each in a thread of its own."""

    def __init__(self, runners: Sequence[ProjectorRunner]) -> None:
        self.runners = runners

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
        threads = [_RunnerThread(runner, work) for runner in self.runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for thread in threads:
            if thread.error is not None:
                raise thread.error


class _RunnerThread(Thread):
    """It never keeps the process from ending: what is not stored is folded again."""

    def __init__(self, runner: ProjectorRunner, work: Callable[[ProjectorRunner], None]) -> None:
        super().__init__(name=f"projector {runner.projector}", daemon=True)
        self._runner = runner
        self._work = work
        self.error: Exception | None = None

    def run(self) -> None:
        """The work."""
        try:
            self._work(self._runner)
        except Exception as error:  # noqa: BLE001 told to whoever waits for it
            self.error = error
