import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api.container import Container
from application.event_context import current_event_context
from application.ports.event_store import EventMetadata
from domain.consistency import StreamId
from tests.e2e.clients import PROBLEM, Api, in_memory

HEADER = "X-Correlation-Id"
MADE = re.compile(r"[0-9a-f-]{36}")


@pytest.mark.parametrize("sent", ["request-1", "a", "A:b_c.d-9", "x" * 128])
def test_a_sane_id_comes_back(sent: str, api: Api) -> None:
    assert api.get("/health", headers={HEADER: sent}).headers[HEADER] == sent


@in_memory
@pytest.mark.parametrize(
    "sent", [None, b"", b" ", b"x" * 129, b"a b", b'"', b"\xff", b"a\tb", b"a;b", b"a, b"]
)
def test_any_other_is_replaced(sent: bytes | None, api: Api) -> None:
    headers = {} if sent is None else {HEADER.encode(): sent}
    answered = api.get("/health", headers=headers).headers
    assert MADE.fullmatch(answered[HEADER])
    assert len(answered.get_list(HEADER)) == 1


def test_every_request_gets_another_id(api: Api) -> None:
    assert len({api.get("/health").headers[HEADER] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/users", 405),
        ("POST", "/users", 422),
        ("GET", "/users/ada", 401),
        ("GET", "/docs", 200),
    ],
)
def test_every_answer_bears_the_id(method: str, path: str, status: int, api: Api) -> None:
    answer = api.request(method, path, headers={HEADER: "request-1"})
    assert (answer.status_code, answer.headers.get_list(HEADER)) == (status, ["request-1"])


def test_the_answer_to_an_unforeseen_error_bears_it_too_and_so_does_its_log_line(
    api: Api, container: Container
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("a mistake")

    headers = {**api.admin(), HEADER: "request-1"}
    with container.get_user.override(broken), capture_logs([merge_contextvars]) as lines:
        answer = api.get("/users/somebody", headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert answer.headers.get_list(HEADER) == ["request-1"]
    assert [line["correlation_id"] for line in lines] == ["request-1"]


def test_requests_at_once_do_not_mix(api: Api, container: Container) -> None:
    people = [f"user{number}@example.com" for number in range(4)]
    ids = {email: api.register(email)["id"] for email in people}
    bearers = {email: api.bearer(email) for email in people}

    def place(number: int) -> tuple[str, str, str]:
        email = people[number % len(people)]
        order = api.place({**bearers[email], HEADER: f"request-{number}"})
        return order["id"], f"request-{number}", ids[email]

    with ThreadPoolExecutor(8) as threads:
        placed = list(threads.map(place, range(24)))

    for order_id, correlation_id, actor in placed:
        (event,) = container.event_store().read(StreamId("Order", order_id)).events
        assert (event.metadata.correlation_id, event.metadata.actor) == (correlation_id, actor)


def test_nothing_of_a_request_is_left_behind(api: Api) -> None:
    api.register()
    api.place({**api.bearer(), HEADER: "request-1"})
    assert current_event_context() == EventMetadata()
