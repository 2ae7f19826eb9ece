import json
from collections import defaultdict
from collections.abc import Callable
from inspect import isclass

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from api.container import Container
from api.http.app import MAX_BODY, create_app
from api.http.courses.problems import COURSE_PROBLEMS
from api.http.orders.problems import ORDER_PROBLEMS
from api.http.problems import INTERNAL, KINDS, ProblemTable
from api.http.users.problems import USER_PROBLEMS
from application import errors
from application.ports import (
    failure_limiter,
    inbox,
    leases,
    outbox,
    password_hasher,
    subscriptions,
    token_signer,
)
from application.ports.failure_limiter import TooManyFailures
from application.ports.password_hasher import HashingBusy
from application.ports.table_initializer import TableStatus
from application.users import errors as access_errors
from domain import tagged_events
from domain.courses import errors as course_errors
from domain.errors import ConcurrencyConflict, DynastrataError, RuleViolation
from domain.orders import errors as order_errors
from domain.users import errors as user_errors
from tests.e2e.clients import PROBLEM, Api, ManualClock, registration

JSON = {"Content-Type": "application/json"}
TEXT = st.text(st.characters(), max_size=300)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["first_name", "last_name", "email", "password", "role", "token", "new_password", "\ud800"]
BODIES = VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
ADDRESSES = st.emails() | TEXT.map(lambda text: f"{text}@example.com")
OPEN = [
    "/users",
    "/users/email-verification",
    "/users/password-reset",
    "/users/password-reset/completion",
    "/sessions",
    "/sessions/refresh",
]

MODULES = (
    errors,
    access_errors,
    user_errors,
    order_errors,
    course_errors,
    tagged_events,
    failure_limiter,
    inbox,
    leases,
    outbox,
    password_hasher,
    subscriptions,
    token_signer,
)
"""Where the errors are that a use case may raise."""

# Every example meets the same store: what it holds must not matter.
hostile = hypothesis_settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def failing(error: Exception) -> Callable[..., object]:
    def use_case(*_: object) -> object:
        raise error

    return use_case


@pytest.fixture
def admin(api: Api) -> dict[str, str]:
    return api.admin()


@pytest.fixture
def answer_to(
    api: Api, admin: dict[str, str], container: Container
) -> Callable[..., tuple[int, dict[str, object]]]:
    """What one sees of an error that a use case raises."""

    def ask(error: Exception, **headers: str) -> tuple[int, dict[str, object]]:
        with container.get_user.override(failing(error)), capture_logs():
            answer = api.get("/users/somebody", headers={**admin, **headers})
        assert answer.headers["Content-Type"] == PROBLEM
        return answer.status_code, {**answer.json(), "retry": answer.headers.get("Retry-After")}

    return ask


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/users/", 404),
        ("PUT", "/users", 405),
        ("POST", "/health", 405),
        ("GET", "/sessions", 405),
    ],
)
def test_what_is_not_there_is_a_problem(method: str, path: str, status: int, api: Api) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert (answer.json()["status"], answer.json()["type"]) == (status, "about:blank")


def test_a_method_that_is_not_allowed_is_told_all_that_are(api: Api) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert len(paths) > 10
    for path, operations in paths.items():
        answer = api.request("TRACE", path.format_map(defaultdict(lambda: "1")))

        assert answer.status_code == 405
        # "/users/password-reset" is also a "/users/{user_id}", which has methods of its own.
        assert set(answer.headers["Allow"].split(", ")) >= {name.upper() for name in operations}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"first_name": "Ada",}',
        b"\xff\xfe",
        b"[" * 50_000,
        b"1" * 5000,
        b'{"first_name": "\\',
    ],
)
def test_malformed_json_is_a_bad_request(content: bytes, api: Api) -> None:
    answer = api.post("/users", content=content, headers=JSON)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


@pytest.mark.parametrize("content", [b"", b"null", b'"text"', b"[]", b"7"])
def test_json_that_is_no_object_is_named(content: bytes, api: Api) -> None:
    answer = api.post("/users", content=content, headers=JSON)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert [error["field"] for error in answer.json()["errors"]] == ["body"]


def test_a_large_body_is_refused_however_it_comes(api: Api) -> None:
    large = json.dumps(registration(first_name="x" * MAX_BODY)).encode()
    whole = api.post("/users", content=large, headers=JSON)
    chunks = api.post("/users", content=(large[n : n + 999] for n in range(0, len(large), 999)))
    for answer in (whole, chunks):
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)


def test_every_wrong_field_is_named_up_to_a_limit(api: Api) -> None:
    answer = api.post("/users", json={f"field{number}": number for number in range(1000)})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize(
    "body",
    [
        registration(password="hush"),
        registration(password=["hush"]),
        registration(password={"hush": "hush"}),
        registration(email="nobody", password="hush hush hush"),
        registration(role="hush", password="hush hush hush"),
    ],
)
def test_no_password_comes_back(body: dict[str, object], api: Api) -> None:
    with capture_logs() as lines:
        answer = api.post("/users", json=body)
    assert answer.status_code == 422
    assert "hush" not in answer.text + repr(lines)


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (errors.Throttled(operation="PutItem"), 503, "1"),
        (errors.Unreachable(operation="PutItem"), 503, "1"),
        (errors.CircuitOpen(operation="PutItem", retry_after=0.0), 503, "1"),
        (errors.CircuitOpen(operation="PutItem", retry_after=2.1), 503, "3"),
        (errors.CircuitOpen(operation="PutItem", retry_after=2.1, maybe_applied=True), 503, None),
        (errors.ServiceFault(operation="PutItem"), 503, "1"),
        (errors.Unreachable(operation="PutItem", maybe_applied=True), 503, None),
        (errors.CommitOutcomeUnknown("commit"), 503, None),
        (errors.LimitExceeded("an item", 500_000, 409_600, "bytes"), 422, None),
        (errors.InvalidItem("users", "id", "email", "no UTF-8"), 422, None),
        (ConcurrencyConflict("User", "id", 1, 2), 409, None),
        (user_errors.EmailAlreadyRegistered("ada@example.com"), 409, None),
        (user_errors.UserIsBanned("id"), 403, None),
        (RuleViolation(), 409, None),
        (HashingBusy(), 429, "1"),
        (TooManyFailures(900), 429, "900"),
        (order_errors.OrderNotFound("id"), 404, None),
        (order_errors.OrderIsClosed("id", "paid"), 409, None),
        (order_errors.LineExists("sku"), 409, None),
        (order_errors.LineNotFound("sku"), 404, None),
        (order_errors.OrderNeedsLines(), 422, None),
        (course_errors.CourseNotFound("id"), 404, None),
        (course_errors.CourseExists("id"), 409, None),
        (course_errors.CourseIsFull("id", 1), 409, None),
        (course_errors.TooManyCourses("id", 10), 409, None),
        (course_errors.AlreadyEnrolled("id", "id"), 409, None),
        (course_errors.NotEnrolled("id", "id"), 404, None),
        (tagged_events.AppendConditionFailed(tagged_events.Position.of(1, "id")), 409, None),
        (errors.UnreadableState("User", "id", "email"), 500, None),
        (errors.UnreadableEvent("event 1 of Order id", "OrderPlaced", "lines"), 500, None),
        (errors.UnknownEventType("event 1 of Order id", "OrderMoved"), 500, None),
        (errors.AccessDenied(operation="PutItem"), 500, None),
        (errors.RequestRejected(operation="PutItem"), 500, None),
        (errors.ResourceMissing(operation="PutItem"), 500, None),
        (errors.ItemWrittenTwice("users", "id"), 500, None),
        (errors.UnitOfWorkMisused("misused"), 500, None),
        (RuntimeError("a mistake"), 500, None),
    ],
)
def test_each_error_has_its_status(
    error: Exception,
    status: int,
    retry: str | None,
    answer_to: Callable[..., tuple[int, dict[str, object]]],
) -> None:
    answered, problem = answer_to(error)
    assert (answered, problem["status"], problem["retry"]) == (status, status, retry)


def test_a_conflict_is_a_failed_precondition_where_one_was_made(
    answer_to: Callable[..., tuple[int, dict[str, object]]],
) -> None:
    conflict = ConcurrencyConflict("User", "id", 1, 2)
    assert answer_to(conflict, **{"If-Match": '"1"'})[0] == 412


@pytest.mark.parametrize(
    "error",
    [
        errors.CommitOutcomeUnknown("commit"),
        errors.Unreachable(operation="PutItem", maybe_applied=True),
    ],
)
def test_an_unknown_outcome_says_so_and_what_to_do(
    error: Exception, answer_to: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    _, problem = answer_to(error)
    assert problem["may_have_been_applied"] is True
    assert "Read the resource, compare" in str(problem["detail"])


def test_internals_are_logged_and_not_shown(api: Api, container: Container) -> None:
    admin = api.admin()
    error = errors.AccessDenied(operation="GetItem", table="secret-table", detail="arn:secret")
    unreadable = errors.UnreadableEvent("event 1 of Order secret", "OrderPlaced", "secret")
    for broken in (error, RuntimeError("secret"), unreadable):
        with container.get_user.override(failing(broken)), capture_logs() as lines:
            answer = api.get("/users/somebody", headers=admin)
        assert "secret" not in answer.text
        assert [(line["log_level"], line["exc_info"]) for line in lines] == [("error", broken)]


def test_every_error_of_ours_was_thought_of() -> None:
    ours = [
        each
        for module in MODULES
        for each in vars(module).values()
        if isclass(each) and issubclass(each, DynastrataError)
    ]
    table = ProblemTable({**KINDS, **USER_PROBLEMS, **ORDER_PROBLEMS, **COURSE_PROBLEMS})
    internal = {each.__name__ for each in ours if table.kind_of_class(each) is INTERNAL}
    bases = {"DynastrataError", "RuleViolation", "Conflict", "StorageError"}
    assert internal - bases == {
        "AccessDenied",
        "RequestRejected",
        "ResourceMissing",
        "TableNotReady",
        "ItemWrittenTwice",
        "UnitOfWorkMisused",
        # What a context declares is complete, or a mistake of the program.
        "NotGuarded",
        # Only subscriptions raise this.
        "ChangesTrimmed",
        # Only reading the outbox raises this.
        "UnreadableMessage",
    }


def test_the_description_shows_problems_and_no_other_errors(api: Api) -> None:
    schema = api.get("/openapi.json").json()
    assert "HTTPValidationError" not in json.dumps(schema)
    patch = schema["paths"]["/users/{user_id}"]["patch"]["responses"]
    assert {"400", "401", "403", "404", "409", "412", "422", "428", "default"} <= set(patch)
    assert patch["412"]["content"] == {
        PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}
    }


def test_the_documentation_is_there(api: Api) -> None:
    assert api.get("/docs").status_code == 200


def test_the_process_lives_and_the_store_is_ready(api: Api) -> None:
    assert api.get("/health").json() == {"status": "ok"}
    assert api.get("/ready").json() == {"status": "ready"}


def test_without_its_store_the_service_lives_and_is_not_ready(
    api: Api, container: Container
) -> None:
    class Unreachable:
        def status(self) -> list[object]:
            raise errors.Unreachable(operation="DescribeTable")

    with container.table_initializer.override(Unreachable()), capture_logs():
        assert api.get("/health").status_code == 200
        answer = api.get("/ready")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)


@pytest.mark.parametrize(("state", "status"), [("UPDATING", 200), ("CREATING", 503)])
def test_a_table_that_is_being_updated_can_be_used(
    state: str, status: int, api: Api, container: Container
) -> None:
    class Tables:
        def status(self) -> list[TableStatus]:
            return [TableStatus("users", "ACTIVE"), TableStatus("orders", state)]

    with container.table_initializer.override(Tables()), capture_logs():
        assert api.get("/ready").status_code == status


def test_a_service_whose_index_is_not_filled_is_not_ready(api: Api, container: Container) -> None:
    class Tables:
        def status(self) -> list[TableStatus]:
            fault = "index listing is being filled"
            return [TableStatus("users", "ACTIVE", (fault,), (fault,))]

    with container.table_initializer.override(Tables()), capture_logs():
        answer = api.get("/ready")

    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "not every table can be used: users: index listing is being filled",
    )


def test_a_service_whose_relay_does_no_work_is_not_ready(
    container: Container, clock: ManualClock
) -> None:
    relay = container.polling_relay()
    api = TestClient(create_app(container, relay=relay))
    clock.advance(minutes=3)
    with capture_logs():
        late = api.get("/ready")

    relay.run_once()

    assert (late.status_code, late.json()["detail"]) == (
        503,
        "the relay has done no work for minutes",
    )
    assert api.get("/ready").json() == {"status": "ready"}


def test_a_service_that_leaves_a_table_alone_is_not_ready(
    api: Api, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = type(container.adapters())
    monkeypatch.setattr(adapters, "left_alone", {"users": 3.0, "events": 1.0})
    with capture_logs():
        answer = api.get("/ready")

    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "left alone after too many failures: events, users",
    )


@hostile
@given(path=st.sampled_from(OPEN), body=BODIES)
def test_no_body_breaks_what_is_open(path: str, body: object, api: Api) -> None:
    answer = api.post(path, content=json.dumps(body), headers=JSON)
    assert answer.status_code < 500
    assert answer.is_success or answer.headers["Content-Type"] == PROBLEM


@hostile
@given(first_name=TEXT, last_name=TEXT, email=ADDRESSES, password=TEXT)
def test_no_registration_breaks_anything(
    first_name: str, last_name: str, email: str, password: str, api: Api
) -> None:
    body = registration(
        first_name=first_name, last_name=last_name, email=email, password=password + "x" * 10
    )
    answer = api.post("/users", content=json.dumps(body), headers=JSON)
    assert answer.status_code in {201, 409, 422}


@hostile
@given(content=st.binary(max_size=300))
def test_no_bytes_break_anything(content: bytes, api: Api) -> None:
    assert api.post("/users", content=content, headers=JSON).status_code in {400, 422}


@pytest.fixture
def own_path(api: Api) -> tuple[str, dict[str, str]]:
    return f"/users/{api.register()['id']}", api.bearer()


@hostile
@given(
    body=BODIES | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS[:2], TEXT)),
    current=st.booleans(),
)
def test_no_change_breaks_anything(
    body: object, current: bool, own_path: tuple[str, dict[str, str]], api: Api
) -> None:
    path, headers = own_path
    tag = api.get(path, headers=headers).headers["ETag"] if current else '"1"'
    answer = api.patch(path, content=json.dumps(body), headers={**headers, **JSON, "If-Match": tag})
    assert answer.status_code in {200, 409, 412, 422}
    assert answer.is_success or answer.headers["Content-Type"] == PROBLEM


@hostile
@given(name=st.sampled_from(["If-Match", "If-None-Match", "Authorization"]), value=st.binary())
def test_no_header_breaks_anything(
    name: str, value: bytes, own_path: tuple[str, dict[str, str]], api: Api
) -> None:
    path, headers = own_path
    sent = {**{k.encode(): v.encode() for k, v in headers.items()}, name.encode(): value}
    assert api.patch(path, json={}, headers=sent).status_code in {200, 400, 401, 412, 428}
    assert api.get(path, headers=sent).status_code in {200, 304, 401}


@hostile
@given(path=st.text(st.characters(codec="utf-8"), min_size=1), cursor=TEXT)
def test_no_path_and_no_query_breaks_anything(
    path: str, cursor: str, admin: dict[str, str], api: Api
) -> None:
    assert api.get(f"/users/{quoted(path)}", headers=admin).status_code in {404, 405}
    assert api.get(f"/users?cursor={quoted(cursor)}", headers=admin).status_code == 400


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
