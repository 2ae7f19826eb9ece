"""Commands as processes of their own, which signals can end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread
from typing import IO

from attrs import define, field

from application.ports.outbox import MessageKey
from tests.promised_tables import create_promised
from tests.stores import client_of

_PATIENCE = 30.0  # seconds

_CAUGHT = re.compile(r"SigCgt:\s*([0-9a-f]+)")
"""The mask of the signals that a process handles, as Linux shows it."""

_PUBLISHED = re.compile(r"message published .*message_id=(\S+) .*ordering_key=(\S+)")


@define
class Child:
    """A running command. `told` are the lines of its standard error, as they come."""

    process: subprocess.Popen[str]
    told: list[str] = field(factory=list)
    output: list[str] = field(factory=list)
    _news: Condition = field(factory=Condition)
    _readers: list[Thread] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        assert self.process.stdout
        assert self.process.stderr
        streams = ((self.process.stdout, self.output), (self.process.stderr, self.told))
        self._readers = [Thread(target=self._read, args=stream) for stream in streams]
        for reader in self._readers:
            reader.start()

    @property
    def published(self) -> list[MessageKey]:
        """What its log says was published, in that order."""
        found = map(_PUBLISHED.search, list(self.told))
        return [MessageKey(match[2], match[1]) for match in found if match]

    def wait_until(self, is_so: Callable[[], object]) -> None:
        """Waits for what its lines will show. Fails where it ends before, or takes too long."""
        deadline = time.monotonic() + _PATIENCE
        with self._news:
            while not is_so():
                assert self.process.poll() is None, self.told
                assert time.monotonic() < deadline, self.told
                self._news.wait(0.1)

    def wait_until_published(self, count: int) -> None:
        """Waits until its log says that so many messages were published."""
        self.wait_until(lambda: len(self.published) >= count)

    def wait_until_it_catches(self, number: signal.Signals) -> None:
        """Waits until it has a handler of its own for a signal."""
        status = Path(f"/proc/{self.process.pid}/status")
        self.wait_until(lambda: number - 1 in _bits(_CAUGHT.search(status.read_text())))

    def end(self, number: int) -> int:
        """Sends a signal; the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(_PATIENCE)
        for reader in self._readers:
            reader.join(_PATIENCE)
        return code

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    lines.append(line.rstrip("\n"))
                    self._news.notify_all()


def _bits(mask: re.Match[str] | None) -> set[int]:
    assert mask is not None
    return {bit for bit in range(64) if int(mask[1], 16) >> bit & 1}


@contextmanager
def child(*arguments: str, env: Mapping[str, str | None]) -> Iterator[Child]:
    """Starts a command with these variables and no others; it never outlives the block.

    The tables that were promised it are there.
    """
    given = {name: value for name, value in env.items() if value is not None}
    if "DYNASTRATA_TABLE_PREFIX" in given and "DYNASTRATA_ENDPOINT_URL" in given:
        client = client_of(given["DYNASTRATA_ENDPOINT_URL"], given["DYNASTRATA_REGION"])
        create_promised(client, given["DYNASTRATA_TABLE_PREFIX"])
    command = [sys.executable, "-c", "from api.cli.main import main; main()", *arguments]
    with subprocess.Popen(
        command, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        running = Child(process)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()
