"""Measures mixed work of eight threads without faults and with them, and checks the account.

`python -m scripts.measure_outages 60`: so many seconds without faults, with one request in twenty
failing, and with one in five, on MiniStack.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

import structlog

from infrastructure.engines import run_ministack
from tests.outages.mixed_work import Account, differences, work
from tests.outages.test_faulty_endpoint import service

SECONDS = 60.0
RATES = (0.0, 0.05, 0.2)


def measure(seconds: float) -> int:
    """Prints how long calls took and what callers were told; how much of it was wrong."""
    # What fails on purpose need not be told one by one.
    errors_only = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=errors_only)
    wrong = 0
    with run_ministack() as engine:
        for rate in RATES:
            with service(engine, rate) as (endpoint, container, past_it):
                account = work(container, for_seconds(seconds), seed=1)
                found = [*map(repr, account.strange), *differences(account, past_it)]
            tell(rate, account, dict(endpoint.met))
            for difference in found:
                print(f"  WRONG: {difference}")
            wrong += len(found)
    return wrong


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Whether these are not over yet."""
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() < ends


def tell(rate: float, account: Account, met: dict[str, int]) -> None:
    """Prints the figures of one run."""
    faults = sum(met.values()) - met.get("fine", 0)
    print(f"{rate:.0%} of the requests fail: {account.calls} calls, {sum(met.values())} requests")
    print(f"  p50 {account.percentile(0.5):.0f} ms, p99 {account.percentile(0.99):.0f} ms")
    print(f"  {faults} faults met; errors: {dict(account.errors.most_common())}")


if __name__ == "__main__":
    sys.exit(measure(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS) > 0)
