"""A child process that cannot outlive its parent."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import field, frozen

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_ENDED_WITHIN = 15.0
_LOG_TAIL = 4000

_INHERITED = ("PATH", "LANG", "SYSTEMROOT")


@frozen
class EngineCommand:
    """What to execute, and the variables that it needs beside the bare environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(factory=dict[str, str])


class SupervisedProcess:
    """Runs a command from entering this context to leaving it, or to the death of this process.

    The command gets a bare environment: what a developer has set for other programs (an endpoint,
    a Docker host, a persistence directory) must not change what an engine does. It has no standard
    input, works in `scratch`, and writes its log there.
    """

    def __init__(self, command: EngineCommand, scratch: Path) -> None:
        self._command = command
        self._scratch = scratch
        self._log = scratch / "engine.log"
        self.pid = 0

    def __enter__(self) -> Self:
        """Start the command; it may still end at once, see `ended`."""
        with self._log.open("wb") as log:
            self._supervisor = subprocess.Popen(
                [
                    # Isolated and without site-packages: starts in a few hundredths of a second.
                    *(sys.executable, "-I", "-S", str(_SUPERVISOR)),
                    *(str(self._scratch), *self._command.arguments),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._scratch,
                env=self._environment(),
                # Out of the terminal's process group: Ctrl-C goes to the program, which still needs
                # its engine while it winds up.
                start_new_session=True,
            )
        reported = self._supervisor.stdout
        self.pid = int(reported.readline() or 0) if reported else 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pipe that keeps the command alive, and wait for its end."""
        # Closes the standard input, drains the output and waits.
        self._supervisor.communicate(timeout=_ENDED_WITHIN)

    def ended(self) -> bool:
        """Whether the command has ended by itself, or could not be executed at all."""
        return self._supervisor.poll() is not None

    def exit_code(self) -> int | None:
        """The exit code of a command that has ended."""
        return self._supervisor.returncode

    def log(self) -> str:
        """The end of what the command has written so far."""
        return self._log.read_text(errors="replace")[-_LOG_TAIL:].strip()

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {**inherited, "TMPDIR": str(self._scratch), **self._command.environment}
