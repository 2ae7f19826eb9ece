"""The tasks of a migration on Apache Spark: the same function over the same ranges."""

from __future__ import annotations

import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from threading import Event
from typing import Any

from attrs import frozen
from typing_extensions import override

from domain.errors import DynastrataError
from infrastructure.migration.engines.engine import (
    Dispatcher,
    Engine,
    MakeWork,
    R,
    Run,
    TaskFailed,
    Work,
    attempt,
    task_name,
)
from infrastructure.migration.tasks import Task


@frozen
class SparkUnavailable(DynastrataError):
    """Spark cannot be started here."""

    reason: str

    def __str__(self) -> str:
        return (
            f"Spark: {self.reason}; it needs pyspark (pip install 'dynastrata[spark]') and Java, "
            "which JAVA_HOME names or the PATH has"
        )


class SparkEngine(Engine):
    """One job of one partition for each range, so many at once as the cluster has slots.

    Spark does a task again whose executor was lost or whose process failed, as often as its own
    setting says. The machines of a cluster need this project installed, and reach both the source
    and the target.
    """

    def __init__(self, master: str) -> None:
        """Starts Spark. Raises `SparkUnavailable`."""
        self._context = _start(master)
        self._stopped = Event()

    @property
    @override
    def workers(self) -> int:
        slots: int = self._context.defaultParallelism
        return slots

    @override
    @contextmanager
    def open(self, make_work: MakeWork[R]) -> Iterator[Run[R]]:
        work = partial(_work, pickle.dumps(make_work))
        with ThreadPoolExecutor(self.workers) as threads:

            def renew() -> Callable[[Task], Future[R]]:
                return lambda task: threads.submit(self._job, work, task)

            yield Dispatcher(self.workers, self._stopped, renew).results

    @override
    def stop(self) -> None:
        self._stopped.set()

    @override
    def kill(self) -> None:
        self._stopped.set()
        self._context.cancelAllJobs()

    def close(self) -> None:
        """Ends Spark, unless it was there before."""
        self._context.stop()

    def _job(self, work: Callable[[Task], Any], task: Task) -> Any:
        from py4j.protocol import Py4JError  # noqa: PLC0415 comes with pyspark

        try:
            [result] = self._context.parallelize([task], 1).map(work).collect()
        except Py4JError as error:
            raise TaskFailed(task_name(task), f"Spark gave up: {_cause(error)}") from error
        if isinstance(result, TaskFailed):
            raise result
        return result


def _work(make_work: bytes, task: Task) -> Any:
    """Runs in a process of an executor. An error that is no accident is not tried again."""
    try:
        return attempt(partial(_made, make_work), task)
    except TaskFailed as failed:
        return failed


@lru_cache(maxsize=1)
def _made(make_work: bytes) -> Work[Any]:
    """One for all tasks of a process, which Spark uses again."""
    work: Work[Any] = pickle.loads(make_work)()  # noqa: S301 this project pickled it
    return work


def _start(master: str) -> Any:
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 an optional extra
        from pyspark.errors import PySparkException  # noqa: PLC0415 likewise
    except ImportError as error:
        raise SparkUnavailable(str(error)) from error
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster(master).setAppName("dynastrata migrate")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    try:
        context = SparkContext.getOrCreate(conf)
    except (PySparkException, OSError, RuntimeError) as error:
        raise SparkUnavailable(str(error).partition("\n")[0]) from error
    context.setLogLevel("ERROR")
    return context


def _cause(error: Exception) -> str:
    """The line of a long report that says what happened at the executor."""
    causes: list[str] = _CAUSE.findall(str(error))
    return causes[0] if causes else str(error).strip().partition("\n")[0]


_CAUSE = re.compile(
    r"^(?:\w+\.)*\w*(?:Error|Exit|Interrupt|Timeout)\b.*|Python worker \w.*", re.MULTILINE
)
