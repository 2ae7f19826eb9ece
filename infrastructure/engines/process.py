"""Starts a local engine as a child of this process, and makes sure that it ends."""

import http.client
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from infrastructure.engines.errors import EngineFailed
from infrastructure.engines.supervised import EngineCommand, SupervisedProcess

LOOPBACK = "127.0.0.1"

READY_WITHIN = 60.0
"""Seconds. An engine starts in about one; this bounds a machine under heavy load."""

CommandFor = Callable[[int, Path], EngineCommand]
"""The command that serves this port of the loopback interface and writes only below this path."""

_PORT_ATTEMPTS = 5
_POLL_INTERVAL = 0.03


@frozen
class LocalEngine:
    """A running engine: where it answers the DynamoDB API, and the process that does."""

    name: str
    endpoint_url: str
    pid: int


@contextmanager
def running(
    name: str,
    command_for: CommandFor,
    *,
    ready_within: float = READY_WITHIN,
    answers: Callable[[int], bool] | None = None,
) -> Iterator[LocalEngine]:
    """An engine that answers on a free port of 127.0.0.1, empty, until the context ends.

    It ends with the context, and also when this process is killed; its files go with it. `answers`
    tells whether what serves a port is ready, by default whether it answers DynamoDB's API.

    Raises:
        EngineFailed: it ended, or did not answer within `ready_within` seconds.
    """
    with ExitStack() as resources:
        yield _start(name, command_for, resources, ready_within, answers or _answers)


def _start(
    name: str,
    command_for: CommandFor,
    resources: ExitStack,
    ready_within: float,
    answers: Callable[[int], bool],
) -> LocalEngine:
    log = ""
    for _ in range(_PORT_ATTEMPTS):
        with ExitStack() as attempt:
            port = attempt.enter_context(reserved_port())
            scratch = Path(attempt.enter_context(_scratch()))
            process = attempt.enter_context(SupervisedProcess(command_for(port, scratch), scratch))
            if _ready(name, process, partial(answers, port), ready_within):
                resources.push(attempt.pop_all())
                return LocalEngine(name, f"http://{LOOPBACK}:{port}", process.pid)
            log = process.log()
    raise EngineFailed(name, f"found no free port in {_PORT_ATTEMPTS} attempts", log)


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port of the loopback interface, which the system gives nobody else meanwhile.

    A bound socket that does not listen keeps it. On Linux a server can still bind the port beside
    that socket, since both allow it; elsewhere it could not, so there the port is merely free now.
    """
    with socket.socket() as reservation:
        if sys.platform == "linux":
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind((LOOPBACK, 0))
        port = reservation.getsockname()[1]
        if sys.platform != "linux":
            reservation.close()
        yield port


def _scratch() -> TemporaryDirectory[str]:
    # The supervisor may remove it as well, whoever comes first.
    return TemporaryDirectory(prefix="dynastrata-engine-", ignore_cleanup_errors=True)


def _ready(
    name: str, process: SupervisedProcess, answers: Callable[[], bool], within: float
) -> bool:
    """Wait for the first answer; False where another process had taken the port meanwhile."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        # In this order: an answer counts only from a process that is still there after it, for
        # whoever took the port may answer while ours is about to give up.
        answered = answers()
        if process.ended():
            log = process.log()
            if "already in use" in log.lower():
                return False
            raise EngineFailed(name, f"ended with exit code {process.exit_code()}", log)
        if answered:
            return True
        time.sleep(_POLL_INTERVAL)
    raise EngineFailed(name, f"did not answer within {within:g} s", process.log())


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("POST", "/", body=b"{}", headers=_LIST_TABLES)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# The smallest request that only a DynamoDB engine can answer; no engine checks the signature.
_LIST_TABLES = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
    "X-Amz-Date": "20200101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
