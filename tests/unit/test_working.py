"""A worker that is run by a command: how it ends, and how it shows that it works."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
import typer
from attrs import define, field
from structlog.testing import capture_logs

from api.cli import working
from api.cli.working import until_stopped
from infrastructure.system.work import Worker

LONG_AGO = 1_000_000_000
PATIENCE = 30.0


@define
class Waiting(Worker):
    """Works until it is stopped, or for ever where it hangs."""

    late: bool = False
    when_looked_at: Callable[[], object] = lambda: None
    hangs: bool = False
    stopped: Event = field(factory=Event)
    never: Event = field(factory=Event)

    @property
    def is_late(self) -> bool:
        self.when_looked_at()
        return self.late

    def stop(self) -> None:
        self.stopped.set()

    def run(self) -> None:
        (self.never if self.hangs else self.stopped).wait(PATIENCE)


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "_SECONDS_TO_A_SIGNAL", 0.01)


def ask() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_signal_stops_it_and_what_handled_signals_before_does_so_again(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    worker = Waiting(when_looked_at=ask)

    until_stopped(worker, worker.run, PATIENCE, tmp_path / "health")

    assert worker.stopped.is_set()
    assert signal.getsignal(signal.SIGTERM) is before


def test_one_that_hangs_is_left_at_work_and_that_is_told(tmp_path: Path) -> None:
    worker = Waiting(when_looked_at=ask, hangs=True)
    with capture_logs() as lines:
        until_stopped(worker, worker.run, 0.01, tmp_path / "health")
    worker.never.set()

    assert [(line["event"], line["who"]) for line in lines] == [
        ("left at work: what it holds is free when its leases end", "Waiting")
    ]


@pytest.mark.parametrize("error", [ValueError("a mistake"), SystemExit("a mistake")])
def test_what_the_work_raises_is_raised(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error), match="a mistake"):
        until_stopped(Waiting(), fail, PATIENCE)


def test_health_file_is_there_at_once_and_touched_while_it_is_not_late(tmp_path: Path) -> None:
    path = tmp_path / "health"
    ages: list[float] = []

    def look() -> None:
        ages.append(path.stat().st_mtime)
        if len(ages) == 1:
            os.utime(path, (LONG_AGO, LONG_AGO))
        elif len(ages) == 3:
            ask()

    worker = Waiting(when_looked_at=look)
    until_stopped(worker, worker.run, PATIENCE, path)

    first, second, third = ages
    assert first > LONG_AGO
    # It is touched after the look, so the next one finds it new.
    assert second > LONG_AGO
    assert third > LONG_AGO


def test_health_file_grows_old_while_it_is_late_whatever_it_waits_for(tmp_path: Path) -> None:
    path = tmp_path / "health"
    found: list[float] = []

    def look() -> None:
        if not found:
            os.utime(path, (LONG_AGO, LONG_AGO))
        found.append(path.stat().st_mtime)
        if len(found) == 5:
            ask()

    worker = Waiting(late=True, when_looked_at=look, hangs=True)
    until_stopped(worker, worker.run, 0.01, path)
    worker.never.set()

    assert found == [LONG_AGO] * 5
    assert path.stat().st_mtime == LONG_AGO


def test_health_file_that_cannot_be_made_is_wrong_usage(tmp_path: Path) -> None:
    worker = Waiting()
    with pytest.raises(typer.BadParameter, match="No such file or directory"):
        until_stopped(worker, worker.run, PATIENCE, tmp_path / "nowhere" / "health")


def test_health_file_that_cannot_be_touched_any_more_does_not_end_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "health"
    looks: list[None] = []

    def look() -> None:
        if not looks:
            path.unlink()
            folder.rmdir()
        looks.append(None)
        if len(looks) == 3:
            ask()

    worker = Waiting(when_looked_at=look)
    until_stopped(worker, worker.run, PATIENCE, path)

    assert not path.exists()
    assert len(looks) == 3
