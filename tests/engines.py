"""Fixtures: the local engines, each started at most once by a test process, when first asked for.

Tables outlive a test, so a test names its own. A test that asks for one of these bears the marker
`engine`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from infrastructure.engines import (
    EngineUnavailable,
    LocalEngine,
    run_dynamodb_local,
    run_ministack,
)

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-engine",
        action="append",
        choices=["ministack", "dynamodb_local", "mariadb"],
        default=[],
        help="fail, instead of skip, the tests of an engine that cannot be had",
    )


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
