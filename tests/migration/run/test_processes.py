"""Worker processes: what they do with tasks that fail, and with processes that die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.migration.engines.engine import MAX_ATTEMPTS, MakeWork, TaskFailed
from infrastructure.migration.engines.processes import ProcessEngine
from infrastructure.migration.tasks import Report, Task
from tests.migration.run.works import (
    begun,
    cannot_be_made,
    counts,
    kills_its_process,
    kills_its_process_once,
    refuses_the_third,
    tasks,
    works,
)

both = pytest.mark.parametrize("workers", [1, 2])


def run(engine: ProcessEngine, make_work: MakeWork[Report], some: list[Task]) -> Iterator[Report]:
    with engine.open(make_work) as do:
        yield from do(some)


def done(reports: list[Report]) -> list[int]:
    return sorted(report.task.number for report in reports)


@both
def test_every_task_is_done_once(workers: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    reports = list(run(ProcessEngine(workers), works(counts, log), tasks(7)))
    assert done(reports) == sorted(begun(log)) == list(range(7))


@both
def test_after_a_failed_task_none_is_begun_and_the_others_are_told(
    workers: int, tmp_path: Path
) -> None:
    log, reports = tmp_path / "log", list[Report]()
    with pytest.raises(TaskFailed, match=r"range 2 of users \(User, items\): email: is none"):
        reports.extend(run(ProcessEngine(workers), works(refuses_the_third, log), tasks(50)))
    assert done(reports) == sorted(set(begun(log)) - {2})
    assert len(reports) < 10


@both
def test_when_stopped_the_tasks_under_way_are_ended(workers: int, tmp_path: Path) -> None:
    log, reports, engine = tmp_path / "log", list[Report](), ProcessEngine(workers)
    for report in run(engine, works(counts, log), tasks(50)):
        reports.append(report)
        engine.stop()
    assert done(reports) == sorted(begun(log))
    assert len(reports) <= workers + 1


def test_the_tasks_of_a_process_that_was_killed_are_done_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    reports = list(run(ProcessEngine(2), works(kills_its_process_once, log), tasks(6)))
    assert done(reports) == list(range(6))
    assert begun(log).count(2) == 2


def test_a_task_that_kills_each_process_is_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(TaskFailed, match="3 times a worker process was lost"):
        list(run(ProcessEngine(2), works(kills_its_process, log), tasks(3)))
    assert begun(log).count(2) == MAX_ATTEMPTS


@both
def test_a_worker_that_cannot_be_made_is_told_with_its_reason(workers: int) -> None:
    with pytest.raises(TaskFailed, match="source: does not answer"):
        list(run(ProcessEngine(workers), cannot_be_made, tasks(2)))
