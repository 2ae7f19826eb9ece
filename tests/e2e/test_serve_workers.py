"""`dynastrata serve` in several processes."""

from __future__ import annotations

import os
import re
import signal

import pytest
from uvicorn.config import Config

from api.cli.workers import Workers
from infrastructure.settings.settings import Settings
from tests.commands import Cli
from tests.e2e.servers import is_ready, serving
from tests.relaying.children import Child

ON_DYNAMODB = pytest.mark.parametrize(
    "settings", [pytest.param("dynamodb", marks=pytest.mark.engine)], indirect=True
)
_STARTED = re.compile(r"Started server process \[(\d+)\]")
_FINISHED = re.compile(r"Finished server process \[(\d+)\]")


def told(server: Child, line: re.Pattern[str]) -> list[int]:
    """The ids of the processes that its log names in such lines."""
    return [int(found[1]) for found in map(line.search, list(server.told)) if found]


@ON_DYNAMODB
def test_one_that_dies_is_replaced_and_all_end_with_the_first_process(
    settings: Settings, port: int
) -> None:
    with serving(settings, port, relays=False, workers=2) as server:
        server.wait_until(lambda: len(told(server, _STARTED)) == 2)
        killed, left = told(server, _STARTED)
        os.kill(killed, signal.SIGKILL)
        assert is_ready(port)
        server.wait_until(lambda: len(told(server, _STARTED)) == 3)
        assert is_ready(port)

        server.end(signal.SIGKILL)  # waits until no process writes to its log

    assert set(told(server, _FINISHED)) == {left, told(server, _STARTED)[2]}


@pytest.mark.timeout(120)
def test_no_answer_of_one_that_died_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the tests stay
    workers = Workers(Config("nowhere:app", workers=1, timeout_worker_healthcheck=3600), [])
    workers.init_processes()
    [worker] = workers.processes
    worker.process.join()
    # As where it dies right after somebody has looked.
    monkeypatch.setattr(worker.process, "is_alive", lambda: True)

    workers.keep_subprocess_alive()

    assert workers.should_exit.is_set()


@pytest.mark.parametrize(
    ("env", "kept"),
    [
        ({}, "provider"),
        ({"DYNASTRATA_PROVIDER": "dynamodb", "DYNASTRATA_BLOB_STORE": "memory"}, "blob_store"),
    ],
)
def test_memory_is_refused_as_each_process_would_have_its_own(
    env: dict[str, str], kept: str, command: Cli
) -> None:
    done = command("serve", "--workers", "2", **env)

    assert done.exit_code == 2
    assert done.stderr == (
        "error: http_workers (DYNASTRATA_HTTP_WORKERS): several have no memory in common: "
        f"with {kept} memory it must be 1\n"
    )
