"""What every test may ask for, and how Hypothesis runs."""

import gc
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.engines", "tests.migration.mariadb", "tests.stores"]

# However slow: how long an example takes says more about the machine than about the code.
# Few examples each time: they are others each time.
settings.register_profile(
    "patient", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

_FOLLOWING = ("tests/subscription/*.py", "tests/contract/*subscri*.py", "tests/*/*project*.py")
_SECONDS = 300  # far more than any of them takes: it is for one that would never end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of subscriptions have a time limit, so that one that goes in circles fails."""
    for item in items:
        if any(item.path.match(pattern) for pattern in _FOLLOWING):
            # Not of fixtures: fetching an engine takes as long as the network does.
            item.add_marker(pytest.mark.timeout(_SECONDS, func_only=True))


def pytest_collection_finish() -> None:
    """What is imported stays: who collects garbage need not go through it each time.

    And that is seldom: tests leave little behind, and end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole-matrix",
        action="store_true",
        help="every case of the fault matrix, instead of one of each kind for each request",
    )
    parser.addoption(
        "--shop-rows",
        type=int,
        default=400,
        help="how many rows the shop has that the migration's tests move, such as 100000",
    )


@pytest.fixture(autouse=True)
def _logs_are_not_configured() -> Iterator[None]:
    """What starting a process configures ends with its test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def whole_matrix(request: pytest.FixtureRequest) -> bool:
    """Whether every case of the fault matrix is to run."""
    return bool(request.config.getoption("--whole-matrix"))
