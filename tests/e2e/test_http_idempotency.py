"""`Idempotency-Key`: what a client gets that repeats a request."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from api.container import Container
from tests.e2e.clients import ADA, GRACE, PROBLEM, Api, Headers, ManualClock, in_memory, line

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
TYPE = "urn:dynastrata:problem:"
ALGEBRA = {"lines": [line("algebra")]}
SHOWN = ("ETag", "Location", "Content-Type")


@pytest.fixture
def ada(api: Api) -> Headers:
    """A customer."""
    api.register(ADA)
    return api.bearer(ADA)


def said(answer: Any) -> tuple[object, ...]:
    """All that an answer says of what was asked for."""
    return answer.status_code, answer.content, *(answer.headers.get(name) for name in SHOWN)


def orders_of(answer: Any) -> str:
    order_id: str = answer.json()["id"]
    return order_id


def test_an_order_that_is_placed_again_is_the_first_one(api: Api, ada: Headers) -> None:
    first = api.post("/orders", json=ALGEBRA, headers={**ada, **KEY})
    order_id = orders_of(first)
    api.post(f"/orders/{order_id}/payment", headers={**ada, "If-Match": '"1"'})

    again = api.post("/orders", json=ALGEBRA, headers={**ada, **KEY})

    assert first.status_code == 201
    assert first.headers["ETag"] == '"1"'
    assert first.headers["Location"] == f"/orders/{order_id}"
    assert said(again) == said(first)


CHANGES = [
    ("lines", line("numbers")),
    ("payment", None),
    ("cancellation", {"reason": "changed my mind"}),
]


@pytest.mark.parametrize(("change", "body"), CHANGES)
def test_a_change_that_is_asked_for_again_happens_once(
    change: str, body: dict[str, object] | None, api: Api, ada: Headers
) -> None:
    order = api.place(ada)
    address, asking = f"/orders/{order['id']}/{change}", {**ada, **KEY, "If-Match": '"1"'}

    first, again = (api.post(address, json=body, headers=asking) for _ in range(2))

    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert said(again) == said(first)


def test_a_course_that_is_defined_again_is_the_first_one(api: Api) -> None:
    admin, body = api.admin(), {"id": "algebra", "title": "Algebra", "capacity": 1}

    first, again = (api.post("/courses", json=body, headers={**admin, **KEY}) for _ in range(2))
    without = api.post("/courses", json=body, headers=admin)

    assert (first.status_code, first.headers["Location"]) == (201, "/courses/algebra")
    assert said(again) == said(first)
    assert without.status_code == 409


def test_without_a_key_each_request_counts(api: Api, ada: Headers) -> None:
    orders = {orders_of(api.post("/orders", json=ALGEBRA, headers=ada)) for _ in range(2)}

    assert len(orders) == 2


@pytest.mark.parametrize("path", ["/orders", "/orders?page=1"])
def test_another_request_under_the_key_is_refused(path: str, api: Api, ada: Headers) -> None:
    api.post("/orders", json=ALGEBRA, headers={**ada, **KEY})
    body = {"lines": [line("weaving")]} if path == "/orders" else ALGEBRA

    answer = api.post(path, json=body, headers={**ada, **KEY})

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert answer.json()["type"] == f"{TYPE}idempotency-key-reused"


def test_everybody_has_their_own_keys(api: Api, ada: Headers) -> None:
    api.register(GRACE)
    grace = api.bearer(GRACE)

    orders = [api.post("/orders", json=ALGEBRA, headers={**who, **KEY}) for who in (ada, grace)]

    assert [order.status_code for order in orders] == [201, 201]
    assert len(set(map(orders_of, orders))) == 2


def test_a_refused_request_may_be_repeated_under_its_key(api: Api, ada: Headers) -> None:
    order = api.place(ada)
    address = f"/orders/{order['id']}/payment"

    answers = [
        api.post(address, headers={**ada, **KEY, "If-Match": tag}).status_code
        for tag in ('"7"', '"1"')
    ]

    assert answers == [412, 200]


def test_the_key_is_forgotten_after_a_while(
    api: Api, container: Container, clock: ManualClock
) -> None:
    api.register(ADA)
    first = api.post("/orders", json=ALGEBRA, headers={**api.bearer(ADA), **KEY})
    clock.advance(hours=container.settings().idempotency_keep_hours, seconds=1)

    later = api.post("/orders", json=ALGEBRA, headers={**api.bearer(ADA), **KEY})

    assert later.status_code == 201
    assert orders_of(later) != orders_of(first)


def test_a_request_that_is_at_work_is_not_begun_again(
    api: Api, container: Container, ada: Headers
) -> None:
    entered, go_on = Event(), Event()
    placing: Callable[..., Any] = container.place_order()

    def slowly(**arguments: Any) -> Any:
        entered.set()
        assert go_on.wait(30)
        return placing(**arguments)

    def ask() -> Any:
        return api.post("/orders", json=ALGEBRA, headers={**ada, **KEY})

    with container.place_order.override(slowly), ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        assert entered.wait(30)
        meanwhile = ask()
        go_on.set()
        placed = first.result()
    afterwards = ask()

    assert (meanwhile.status_code, meanwhile.json()["type"]) == (409, f"{TYPE}request-at-work")
    assert meanwhile.headers["Retry-After"] == "1"
    assert placed.status_code == 201
    assert said(afterwards) == said(placed)


@in_memory
@pytest.mark.parametrize("key", ["a-key", '""', '"a', '"a" "b"', '"ä"', f'"{"x" * 254}"', "'a'"])
def test_a_key_that_is_no_string_of_structured_fields_is_refused(
    key: str, api: Api, ada: Headers
) -> None:
    sent = {"Idempotency-Key": key.encode("latin-1")}

    answer = api.post("/orders", json=ALGEBRA, headers={**ada, **sent})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@in_memory
def test_a_key_may_hold_what_a_string_of_structured_fields_may(api: Api, ada: Headers) -> None:
    for key in (r'"say \"a\\b\" #1"', f'"{"x" * 253}"', ' "spaces around" '):
        sent = {**ada, "Idempotency-Key": key}
        first, again = (api.post("/orders", json=ALGEBRA, headers=sent) for _ in range(2))

        assert first.status_code == 201
        assert said(again) == said(first)
