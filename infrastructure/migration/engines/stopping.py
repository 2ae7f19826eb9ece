"""What ends when its engine is told to."""

from __future__ import annotations

from infrastructure.migration.engines.engine import Engine


class Stoppable:
    """Gives tasks to an engine until it is told to stop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_stopped = False

    def stop(self) -> None:
        """No other task is begun, and `run` returns after those under way. For any thread."""
        self._is_stopped = True
        self._engine.stop()

    def kill(self) -> None:
        """Ends the tasks under way, too. For any thread."""
        self._is_stopped = True
        self._engine.kill()

    @property
    def is_late(self) -> bool:
        """Never: whoever runs it looks on."""
        return False
