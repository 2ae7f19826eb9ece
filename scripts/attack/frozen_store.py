"""A store that takes requests and does not answer, and then goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from attrs import field, frozen

from infrastructure.engines import LocalEngine, run_ministack
from scripts.attack.callers import Caller, user
from scripts.attack.report import Report
from scripts.attack.service import PATIENCE, Service, service
from scripts.attack.targets import ARTICLES

REQUESTS = 60
"""More than there are threads that serve requests."""

READ_SECONDS = 3.0  # longer than `/health` may take, so that none of its answers is luck
_CALL_SECONDS, _BREAKER_SECONDS = 10.0, 1.0
_DEADLINE = _CALL_SECONDS + READ_SECONDS
"""Seconds: a call is not tried again after the first of them, and its last try takes the second."""

_SLACK = 5.0
_AT_ONCE = 2.0
_PAUSE = 0.1
_REGION = "us-east-1"  # any will do: the engine is on this machine


@frozen
class Request:
    """What is asked of a frozen store."""

    method: str
    path: str
    more: dict[str, Any] = field(factory=dict)


@frozen
class Answered:
    """What a request got, and after how many seconds. Without a status: no answer."""

    request: Request
    seconds: float
    status: int | None = None
    is_problem: bool = False
    may_be_applied: bool = False


def attack(*, requests: int = REQUESTS, read_seconds: float = READ_SECONDS) -> Report:
    """What is found while MiniStack, started for this, is frozen and so many requests wait.

    Each waits so many seconds for an answer of the store, and then tries again.
    """
    report = Report("a frozen store")
    bounds = {
        "read_timeout_seconds": read_seconds,
        "call_deadline_seconds": _CALL_SECONDS,
        "breaker_seconds": _BREAKER_SECONDS,
    }
    with run_ministack() as engine, service(**at(engine), **bounds) as attacked:
        _freeze_and_thaw(attacked, engine, report, requests)
        for traceback in attacked.tracebacks():
            report.find("an error that nobody handled", traceback)
    return report


def at(engine: LocalEngine) -> dict[str, object]:
    """The settings of a service on an engine, whose tables it creates."""
    return {
        "provider": "dynamodb",
        "endpoint_url": engine.endpoint_url,
        "region": _REGION,
        "create_tables": True,
    }


@contextmanager
def frozen_process(pid: int) -> Iterator[None]:
    """Within the block the process does nothing at all."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _freeze_and_thaw(attacked: Service, engine: LocalEngine, report: Report, requests: int) -> None:
    with attacked.client() as api, ThreadPoolExecutor(requests) as pool:
        caller = user(api)
        asked = _requests(caller, requests)
        with frozen_process(engine.pid):
            answers = [pool.submit(_ask, caller, request) for request in asked]
            _look_at_health(attacked, report, answers)
            answered = [
                *(each.result() for each in answers),
                _ask(caller, Request("GET", "/ready")),
            ]
        for each in answered:
            _judge(report, each)
        _wait_until_ready(caller, report)
        for each in answered:
            _look_at_order(caller, report, each)


def _requests(caller: Caller, count: int) -> list[Request]:
    """Of what is read and what is written, each order once."""
    found = [Request("GET", f"/users/{caller.id}") for _ in range(count // 2)]
    for _ in range(count - len(found)):
        lines = {"lines": [{"sku": ARTICLES[0], "quantity": 1}]}
        order = caller.send("POST", "/orders", json=lines).raise_for_status().json()["id"]
        more = {"json": {"sku": ARTICLES[1], "quantity": 1}, "headers": {"If-Match": '"1"'}}
        found.append(Request("POST", f"/orders/{order}/lines", more))
    return found


def _ask(caller: Caller, request: Request) -> Answered:
    began = time.monotonic()
    try:
        answer = caller.send(request.method, request.path, **request.more)
    except httpx.TransportError:
        return Answered(request, time.monotonic() - began)
    is_problem = answer.headers["Content-Type"] == "application/problem+json"
    return Answered(
        request,
        time.monotonic() - began,
        answer.status_code,
        is_problem,
        is_problem and answer.json().get("may_have_been_applied", False),
    )


def _look_at_health(attacked: Service, report: Report, answers: Sequence[Future[Answered]]) -> None:
    with attacked.client() as api:
        while not all(each.done() for each in answers):
            began = time.monotonic()
            answer = api.get("/health")
            took = time.monotonic() - began
            report.count(answer.status_code)
            report.expect(answer.is_success, f"/health answers {answer.status_code}")
            report.expect(took < _AT_ONCE, f"/health takes {took:.1f} s")
            time.sleep(_PAUSE)


def _judge(report: Report, answered: Answered) -> None:
    report.count(answered.status)
    asked = f"{answered.request.method} {answered.request.path}"
    is_outage = answered.status == 503 and answered.is_problem
    report.expect(is_outage, f"{asked} answers {answered.status} while the store is frozen")
    is_in_time = answered.seconds < _DEADLINE + _SLACK
    report.expect(is_in_time, f"{asked} takes {answered.seconds:.1f} s")


def _wait_until_ready(caller: Caller, report: Report) -> None:
    """It is ready when the store answers again, and serves what it served before."""
    ends = time.monotonic() + PATIENCE
    awaited = {"/ready", f"/users/{caller.id}"}
    while awaited and time.monotonic() < ends:
        for path in sorted(awaited):
            answered = _ask(caller, Request("GET", path))
            report.count(answered.status)
            if answered.status == 200:
                awaited.remove(path)
        time.sleep(_PAUSE)
    for path in awaited:
        report.find(f"{path} is not answered {PATIENCE:g} s after the store goes on")


def _look_at_order(caller: Caller, report: Report, answered: Answered) -> None:
    """What is said not to be applied is not, not even when the store goes on."""
    order = answered.request.path.removesuffix("/lines")
    if order == answered.request.path:
        return
    answer = caller.send("GET", order)
    report.count(answer.status_code)
    version = answer.json()["version"]
    most = 2 if answered.may_be_applied else 1
    report.expect(version <= most, f"{order} is at version {version}, and {most} is the last told")
