import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.container import Container
from domain.consistency import StreamId
from domain.orders.order import Order
from domain.orders.price_list import ACADEMY, Article, PriceList
from tests.e2e.clients import ADA, ADMIN, GRACE, PROBLEM, Api, Headers, in_memory, line, priced

JSON = {"Content-Type": "application/json"}
TYPE = "urn:dynastrata:problem:"

# Every change of an order there is: how it is asked for, and with what.
CHANGES: dict[str, tuple[str, str, dict[str, object] | None]] = {
    "add a line": ("POST", "/lines", line("numbers")),
    "remove a line": ("DELETE", "/lines/algebra", None),
    "pay": ("POST", "/payment", None),
    "cancel": ("POST", "/cancellation", {"reason": "changed my mind"}),
}


@pytest.fixture
def ada(api: Api) -> Headers:
    """A customer."""
    api.register(ADA)
    return api.bearer(ADA)


@pytest.fixture
def grace(api: Api) -> Headers:
    """Another one."""
    api.register(GRACE)
    return api.bearer(GRACE)


@pytest.fixture
def change(api: Api) -> Callable[..., Any]:
    """Asks for one of the changes."""

    def ask(name: str, order_id: str, headers: Headers, tag: str | None) -> Any:
        method, path, body = CHANGES[name]
        condition = {} if tag is None else {"If-Match": tag}
        return api.request(
            method, f"/orders/{order_id}{path}", json=body, headers={**headers, **condition}
        )

    return ask


def test_a_placed_order_answers_where_it_is(api: Api, ada: Headers) -> None:
    answer = api.post("/orders", json={"lines": [line("algebra")]}, headers=ada)
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/orders/{order['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert order == {
        "id": order["id"],
        "customer_id": api.sign_in()["user_id"],
        "status": "open",
        "lines": [{**priced("algebra"), "total_cents": 9_800}],
        "total_cents": 9_800,
        "version": 1,
    }


def test_an_order_is_found_again(api: Api, ada: Headers) -> None:
    order = api.place(ada)
    answer = api.get(f"/orders/{order['id']}", headers=ada)
    assert (answer.status_code, answer.json()) == (200, order)
    assert answer.headers["ETag"] == '"1"'


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"3", "1"', "*"])
def test_what_is_known_is_not_sent_again(tag: str, api: Api, ada: Headers) -> None:
    order = api.place(ada)
    answer = api.get(f"/orders/{order['id']}", headers={**ada, "If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == '"1"'


def test_an_order_goes_its_way(api: Api, ada: Headers, change: Callable[..., Any]) -> None:
    order = api.place(ada, "algebra", "weaving")
    for number, name in enumerate(["add a line", "remove a line", "pay"], 1):
        answer = change(name, order["id"], ada, f'"{number}"')
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{number + 1}"'
        assert answer.json() == api.get(f"/orders/{order['id']}", headers=ada).json()
    paid = api.get(f"/orders/{order['id']}", headers=ada).json()
    assert (paid["status"], paid["version"]) == ("paid", 4)
    assert [each["sku"] for each in paid["lines"]] == ["weaving", "numbers"]


def test_the_history_tells_all_of_it(api: Api, ada: Headers, change: Callable[..., Any]) -> None:
    order = api.place(ada, "algebra", "weaving")
    for number, name in enumerate(["add a line", "remove a line", "cancel"], 1):
        change(name, order["id"], ada, f'"{number}"')
    answer = api.get(f"/orders/{order['id']}/history", headers=ada)
    items = answer.json()["items"]
    assert answer.status_code == 200
    assert [(each["version"], each["type"], each["data"]) for each in items] == [
        (
            1,
            "OrderPlaced",
            {"customer_id": order["customer_id"], "lines": [priced("algebra"), priced("weaving")]},
        ),
        (2, "LineAdded", {"line": priced("numbers")}),
        (3, "LineRemoved", {"sku": "algebra"}),
        (4, "OrderCancelled", {"reason": "changed my mind"}),
    ]
    assert [set(each) for each in items] == [{"version", "type", "timestamp", "data"}] * 4
    assert [each["timestamp"] for each in items] == sorted(each["timestamp"] for each in items)


def test_the_history_is_told_page_by_page(
    api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada, "algebra", "weaving")
    for number, name in enumerate(["add a line", "remove a line"], 1):
        change(name, order["id"], ada, f'"{number}"')
    path, pages = f"/orders/{order['id']}/history", []
    after: int | None = 0
    while after is not None:
        page = api.get(f"{path}?size=2&after={after}", headers=ada).json()
        pages.append([each["version"] for each in page["items"]])
        after = page["next_after"]
    assert pages == [[1, 2], [3]]
    for wrong in ("after=-1", f"after={10**18}", "size=0", "size=101", "after=x"):
        assert api.get(f"{path}?{wrong}", headers=ada).status_code == 400


def test_a_number_without_a_fraction_is_whole_however_it_is_written(api: Api, ada: Headers) -> None:
    answer = api.post("/orders", json={"lines": [line(quantity=2.0)]}, headers=ada)
    assert (answer.status_code, answer.json()["lines"]) == (
        201,
        [{**priced(), "total_cents": 9_800}],
    )


def test_a_text_of_an_order_is_trimmed(api: Api, ada: Headers) -> None:
    path = f"/orders/{api.place(ada)['id']}"
    reason = {"reason": "\t\u00a0changed my mind \u2003\r\n"}
    assert api.post(
        f"{path}/cancellation", json=reason, headers={**ada, "If-Match": '"1"'}
    ).is_success
    (*_, cancelled) = api.get(f"{path}/history", headers=ada).json()["items"]
    assert cancelled["data"] == {"reason": "changed my mind"}


def test_an_order_that_was_called_off_stays_as_it_is(
    api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    first = change("cancel", order["id"], ada, '"1"')
    second = change("cancel", order["id"], ada, '"2"')
    assert (first.json()["status"], first.json()["version"]) == ("cancelled", 2)
    assert (second.status_code, second.json()) == (200, first.json())


@pytest.mark.parametrize("end", ["pay", "cancel"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_closed_order_does_not_change(
    end: str, name: str, api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    closed = change(end, order["id"], ada, '"1"').json()
    answer = change(name, order["id"], ada, '"2"')
    if (end, name) != ("cancel", "cancel"):
        assert (answer.status_code, answer.json()["type"]) == (409, f"{TYPE}order-is-closed")
        assert answer.headers["Content-Type"] == PROBLEM
    assert api.get(f"/orders/{order['id']}", headers=ada).json() == closed


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "problem"),
    [
        ("POST", "/lines", line("algebra"), 409, "line-exists"),
        ("POST", "/lines", line(quantity=0), 422, "invalid-value"),
        ("DELETE", "/lines/numbers", None, 404, "line-not-found"),
        ("DELETE", "/lines/%F0%9F%92%A9", None, 404, "line-not-found"),
        ("DELETE", "/lines/algebra", None, 422, "order-needs-lines"),
        ("POST", "/cancellation", {"reason": " "}, 422, "invalid-value"),
    ],
)
def test_each_rule_has_its_problem(
    *,
    method: str,
    path: str,
    body: dict[str, object] | None,
    status: int,
    problem: str,
    api: Api,
    ada: Headers,
) -> None:
    order = api.place(ada, "algebra")
    place = f"/orders/{order['id']}"
    answer = api.request(method, f"{place}{path}", json=body, headers={**ada, "If-Match": '"1"'})
    assert (answer.status_code, answer.json()["type"]) == (status, f"{TYPE}{problem}")
    assert api.get(place, headers=ada).json() == order


@in_memory
@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (None, 428),
        ("*", 428),
        ("1", 400),
        ('W/"1"', 400),
        ('"1", "2"', 400),
        ('"2"', 412),
        ('"0"', 412),
        ('"one"', 412),
        (f'"{"9" * 5000}"', 412),
    ],
)
def test_a_change_needs_the_present_version(
    *, name: str, tag: str | None, status: int, api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    answer = change(name, order["id"], ada, tag)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert api.get(f"/orders/{order['id']}", headers=ada).json() == order


def test_a_stale_change_is_told_both_versions(
    api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    change("add a line", order["id"], ada, '"1"')
    answer = change("pay", order["id"], ada, '"1"')
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (412, f"{TYPE}changed-meanwhile")
    assert (problem["expected_version"], problem["actual_version"]) == (1, 2)


def test_a_change_that_is_overtaken_while_it_is_made_is_a_failed_precondition(
    api: Api,
    ada: Headers,
    container: Container,
    change: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = api.place(ada)
    pay = Order.pay

    def overtaken(self: Order, *args: Any) -> None:
        monkeypatch.undo()
        assert change("add a line", order["id"], ada, '"1"').status_code == 200
        pay(self, *args)

    monkeypatch.setattr(Order, "pay", overtaken)
    assert change("pay", order["id"], ada, '"1"').status_code == 412
    assert api.get(f"/orders/{order['id']}", headers=ada).json()["status"] == "open"


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("tag", ['"1"', '"7"', None])
def test_a_stranger_cannot_tell_an_order_from_none(
    *,
    name: str,
    tag: str | None,
    api: Api,
    ada: Headers,
    grace: Headers,
    change: Callable[..., Any],
) -> None:
    order = api.place(ada)
    answers = [change(name, order_id, grace, tag) for order_id in (order["id"], "missing")]
    assert [answer.status_code for answer in answers] == [404 if tag else 428] * 2
    assert answers[0].text.replace(order["id"], "missing") == answers[1].text
    assert api.get(f"/orders/{order['id']}", headers=ada).json() == order


@pytest.mark.parametrize("path", ["", "/history"])
def test_a_stranger_sees_nothing(path: str, api: Api, ada: Headers, grace: Headers) -> None:
    order = api.place(ada)
    answers = [api.get(f"/orders/{id_}{path}", headers=grace) for id_ in (order["id"], "missing")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(order["id"], "missing") == answers[1].text


def test_an_administrator_sees_and_changes_every_order(
    api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    admin = api.admin()
    assert api.get(f"/orders/{order['id']}", headers=admin).json() == order
    changed = change("cancel", order["id"], admin, '"1"').json()
    assert (changed["status"], changed["customer_id"]) == ("cancelled", order["customer_id"])
    history = api.get(f"/orders/{order['id']}/history", headers=admin).json()["items"]
    assert len(history) == 2
    assert api.get("/orders/missing", headers=admin).status_code == 404


@in_memory
@pytest.mark.parametrize("path", ["", "/history"])
def test_without_a_token_nothing_is_shown(path: str, api: Api, ada: Headers) -> None:
    order = api.place(ada)
    answer = api.get(f"/orders/{order['id']}{path}")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@in_memory
@pytest.mark.parametrize("name", CHANGES)
def test_without_a_token_nothing_is_changed(
    name: str, api: Api, ada: Headers, change: Callable[..., Any]
) -> None:
    order = api.place(ada)
    assert change(name, order["id"], {}, '"1"').status_code == 401
    assert api.post("/orders", json={"lines": [line()]}).status_code == 401


@pytest.mark.parametrize("strange", ["%00", "a%2Fb", "%F0%9F%92%A9", "x" * 3000, "%0A", "Order:1"])
def test_a_strange_id_is_no_order(strange: str, api: Api) -> None:
    admin = {**api.admin(), "If-Match": '"1"'}
    assert api.get(f"/orders/{strange}", headers=admin).status_code == 404
    assert api.get(f"/orders/{strange}/history", headers=admin).status_code == 404
    assert api.post(f"/orders/{strange}/payment", headers=admin).status_code == 404


@in_memory
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "lines"),
        ({"lines": None}, "lines"),
        ({"lines": "algebra"}, "lines"),
        ({"lines": [None]}, "lines.0"),
        ({"lines": [line(), line(sku="")]}, "lines.1.sku"),
        ({"lines": [line(sku="a/b")]}, "lines.0.sku"),
        ({"lines": [{**line(), "sku": 7}]}, "lines.0.sku"),
        ({"lines": [line(title="Algebra")]}, "lines.0.title"),
        ({"lines": [line(quantity=0)]}, "lines.0.quantity"),
        ({"lines": [line(quantity=1_001)]}, "lines.0.quantity"),
        ({"lines": [line(quantity=1.5)]}, "lines.0.quantity"),
        ({"lines": [line(quantity="2")]}, "lines.0.quantity"),
        ({"lines": [line(quantity=True)]}, "lines.0.quantity"),
        ({"lines": [line(quantity=10**400)]}, "lines.0.quantity"),
        ({"lines": [line(unit_price_cents=0)]}, "lines.0.unit_price_cents"),
        ({"lines": [line(total_cents=0)]}, "lines.0.total_cents"),
        ({"lines": [line()], "customer_id": "grace"}, "customer_id"),
        ({"lines": [line()], "status": "paid"}, "status"),
        ([], "body"),
    ],
)
def test_an_order_that_cannot_be_is_named(body: object, field: str, api: Api, ada: Headers) -> None:
    answer = api.post("/orders", json=body, headers=ada)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("skus", "status", "problem"),
    [
        ([], 422, "order-needs-lines"),
        ([f"course-{number}" for number in range(101)], 422, "order-needs-lines"),
        (["algebra", "algebra"], 409, "line-exists"),
    ],
)
def test_an_order_has_lines_of_different_articles(
    skus: list[str], status: int, problem: str, api: Api, ada: Headers
) -> None:
    answer = api.post("/orders", json={"lines": [line(sku) for sku in skus]}, headers=ada)
    assert (answer.status_code, answer.json()["type"]) == (status, f"{TYPE}{problem}")


def test_what_is_not_sold_is_not_ordered(api: Api, ada: Headers, container: Container) -> None:
    order = api.place(ada)
    with container.price_list.override(ACADEMY):
        placed = api.post("/orders", json={"lines": [line("alchemy")]}, headers=ada)
        headers = {**ada, "If-Match": '"1"'}
        added = api.post(f"/orders/{order['id']}/lines", json=line("alchemy"), headers=headers)
    for answer in (placed, added):
        assert (answer.status_code, answer.json()["type"]) == (409, f"{TYPE}article-not-sold")
        assert answer.json()["detail"] == "alchemy is not sold"


def test_the_largest_order_there_can_be_is_taken(
    api: Api, ada: Headers, container: Container
) -> None:
    skus = [f"{number:064}" for number in range(100)]
    sold = [Article(sku=sku, title="\U0001f600" * 200, unit_price_cents=10**8) for sku in skus]
    lines = [line(sku, quantity=1_000) for sku in skus]
    with container.price_list.override(PriceList.of(*sold)):
        answer = api.post("/orders", json={"lines": lines}, headers=ada)
    assert answer.status_code == 201
    assert api.get(answer.headers["Location"], headers=ada).json() == answer.json()


def test_events_tell_which_request_they_come_from_and_who_acted(
    api: Api, ada: Headers, container: Container, change: Callable[..., Any]
) -> None:
    order = api.place({**ada, "X-Correlation-Id": "request-1"})
    admin = api.admin()
    change("cancel", order["id"], {**admin, "X-Correlation-Id": "request-2"}, '"1"')
    stream = StreamId("Order", order["id"])
    told = [each.metadata for each in container.event_store().read(stream).events]
    ids = [api.sign_in(email)["user_id"] for email in (ADA, ADMIN)]
    assert [each.correlation_id for each in told] == ["request-1", "request-2"]
    assert [each.actor for each in told] == ids


TEXT = st.text(st.characters(), max_size=50)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
SOUND: dict[str, st.SearchStrategy[object]] = {
    "sku": st.sampled_from(["a", "b", "c"]) | VALUES,
    "quantity": st.integers(-1, 1_001) | VALUES,
}
LINES = st.fixed_dictionaries(SOUND, optional={"unit_price_cents": VALUES}) | VALUES
PATHS = ["", "/order/lines", "/order/cancellation"]

# Every example meets the same store: what it holds must not matter.
hostile = hypothesis_settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@hostile
@given(
    path=st.sampled_from(PATHS),
    body=LINES | st.fixed_dictionaries({"lines": st.lists(LINES, max_size=3)}),
)
def test_no_body_breaks_anything(path: str, body: object, api: Api, ada: Headers) -> None:
    headers = {**ada, **JSON, "If-Match": '"1"'}
    answer = api.post(f"/orders{path}", content=json.dumps(body), headers=headers)
    assert answer.status_code in {201, 404, 409, 422}
    assert answer.is_success or answer.headers["Content-Type"] == PROBLEM


@hostile
@given(body=LINES)
def test_no_line_breaks_an_order(body: object, api: Api, ada: Headers) -> None:
    order = api.place(ada, "z")
    headers = {**ada, **JSON, "If-Match": '"1"'}
    path = f"/orders/{order['id']}"
    answer = api.post(f"{path}/lines", content=json.dumps(body), headers=headers)
    assert answer.status_code in {200, 409, 422}
    assert api.get(path, headers=ada).json() == (answer.json() if answer.is_success else order)
