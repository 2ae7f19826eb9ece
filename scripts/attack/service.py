"""The service under attack: `dynastrata serve`, a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from attrs import frozen

from infrastructure.engines.process import LOOPBACK, reserved_port
from infrastructure.engines.provision import REPOSITORY

PATIENCE = 60.0
"""Seconds for what takes a second or two, on a machine with much else to do."""

OFTEN = "9999 per hour"
_UNLIMITED = {
    # An attack comes from one place and is not to be slowed down.
    "failures_per_account_and_source": OFTEN,
    "failures_per_source": OFTEN,
    "failures_per_account": OFTEN,
    "mails_per_address": OFTEN,
    "mails_per_source": OFTEN,
}
_INHERITED = ("PATH", "LANG", "SYSTEMROOT")


class ServiceFailed(Exception):
    """It did not start, or did not end."""


@frozen
class Service:
    """A running server: where it listens, and what it has logged."""

    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def address(self) -> str:
        """The base of its URLs."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self) -> httpx.Client:
        """A client of its API, which passes proxies by."""
        return httpx.Client(base_url=self.address, timeout=PATIENCE, trust_env=False)

    def tracebacks(self) -> list[str]:
        """The errors that nobody handled, each with what follows it in the log."""
        _, *found = self.log_file.read_text(errors="replace").split("Traceback ")
        return [f"Traceback {each}"[:2000] for each in found]

    def end(self, number: int) -> int:
        """Sends a signal, and waits; the exit code. Raises `ServiceFailed`."""
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise ServiceFailed(f"it had not ended {PATIENCE:g} s after a signal") from None


@contextmanager
def service(**settings: object) -> Iterator[Service]:
    """A server with these settings and sample users, until the block ends.

    Raises `ServiceFailed`.
    """
    wanted: dict[str, object] = {"environment": "test", **_UNLIMITED, **settings}
    variables = {f"DYNASTRATA_{name.upper()}": str(value) for name, value in wanted.items()}
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with TemporaryDirectory(prefix="dynastrata-attack-") as folder, reserved_port() as port:
        log_file = Path(folder) / "log"
        with (
            log_file.open("wb") as log,
            subprocess.Popen(  # noqa: S603 our own command
                [
                    sys.executable,
                    "-m",
                    f"{__package__}.serve",
                    "serve",
                    "--seed",
                    "--port",
                    str(port),
                ],
                cwd=REPOSITORY,
                env={**inherited, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                running = Service(port, process, log_file)
                _wait_for(running)
                yield running
            finally:
                process.kill()


def _wait_for(running: Service) -> None:
    ends = time.monotonic() + PATIENCE
    with running.client() as client:
        while running.process.poll() is None and time.monotonic() < ends:
            try:
                client.get("/health")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
    raise ServiceFailed(f"it does not answer:\n{running.log_file.read_text(errors='replace')}")
