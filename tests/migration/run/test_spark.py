"""The same move on Apache Spark: the same items, also where a task fails on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.engines import EngineUnavailable, spark
from tests.migration.run.dying import FAIL_ONCE, LOG
from tests.migration.run.running import Move, assert_same
from tests.migration.run.warehouse import RANGES, REJECTED

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def path() -> str:
    """What has to be on the path for Spark."""
    try:
        return os.pathsep.join((str(spark.prepare()), "."))
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable).partition("\n")[0])


def test_a_task_that_fails_is_done_again_and_the_items_are_the_same(
    move: Move, undisturbed: Move, path: str, tmp_path: Path
) -> None:
    log, failed = tmp_path / "log", tmp_path / "failed"
    # Not by `-m`: the executors import the module by its name.
    start = "from tests.migration.run.dying import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", start, *move.arguments("--engine", "spark")],
        env={
            **os.environ,
            **move.env,
            LOG: str(log),
            FAIL_ONCE: str(failed),
            "PYTHONPATH": path,
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # a third of the time
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 3, result.stderr[-2000:]
    assert failed.exists()
    lines = log.read_text().splitlines()
    assert len(set(lines)) == sum(RANGES.values())
    assert len(lines) == len(set(lines)) + 1
    assert len(move.rejects()) == sum(REJECTED.values())
    assert_same(move, undisturbed)
