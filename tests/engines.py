"""Fixtures: the local engines, each started at most once by a test process, when first asked for.

Tables outlive a test, so a test names its own. A test that asks for one of these bears the marker
`engine`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar
from zlib import crc32

import pytest

from infrastructure.engines import (
    EngineUnavailable,
    LocalEngine,
    run_dynamodb_local,
    run_ministack,
)
from infrastructure.engines.provision import ENGINES

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-engine",
        action="append",
        choices=["ministack", "dynamodb_local", "mariadb"],
        default=[],
        help="fail, instead of skip, the tests of an engine that cannot be had",
    )
    parser.addoption(
        "--every-engine",
        action="store_true",
        help="run on both engines what could run on either, instead of on one of them",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What could run on either engine runs on one of them, always on the same.

    DynamoDB Local gets one in five, because it is several times slower.
    """
    if config.getoption("--every-engine") or not any(ENGINES.glob("dynamodb-local-*")):
        return
    names = {item.nodeid for item in items}
    left_out = {
        left_out
        for name in names
        if "ministack" in name and (other := name.replace("ministack", "dynamodb_local")) in names
        for left_out in [other if crc32(name.encode()) % 5 else name]
    }
    leave_out(config, items, left_out)


def leave_out(config: pytest.Config, items: list[pytest.Item], left_out: set[str]) -> None:
    """Takes the tests with these ids out of those that run."""
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason to skip, where pytest would write one for each place."""
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(
        report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)
    )
    for reason, tests in reasons.items():
        terminalreporter.write_line(f"{tests} tests skipped. {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def ministack(request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    """DynamoDB with streams, S3, SQS, SNS and EventBridge."""
    with available(run_ministack(), "ministack", request) as engine:
        yield engine


@pytest.fixture(scope="session")
def dynamodb_local(request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    """Amazon's own: DynamoDB with streams, nothing else."""
    with available(run_dynamodb_local(), "dynamodb_local", request) as engine:
        yield engine


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ],
)
def engine(request: pytest.FixtureRequest) -> LocalEngine:
    """Every engine in turn; the marker comes with it."""
    running: LocalEngine = request.getfixturevalue(request.param)
    return running


@contextmanager
def available(
    run: AbstractContextManager[T], name: str, request: pytest.FixtureRequest
) -> Iterator[T]:
    """What runs, or the test is skipped; or it fails, where `--require-engine` names it."""
    with ExitStack() as resources:
        try:
            running = resources.enter_context(run)
        except EngineUnavailable as unavailable:
            if name in request.config.getoption("--require-engine"):
                raise
            pytest.skip(str(unavailable).partition("\n")[0])
        yield running
