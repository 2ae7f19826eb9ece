"""What the API says of itself in `/openapi.json`, compared with what it does.

Schemathesis makes requests of the description, such as fit it and such as do not, and follows what
answers lead to. All its checks are on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any
from unicodedata import category
from uuid import uuid4

import pytest
import schemathesis
from attrs import evolve
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema
from structlog.testing import capture_logs

from api.container import build_container
from api.http.app import create_app
from api.http.body import INK
from domain.courses.values import COURSE_ID, MAX_CAPACITY, MAX_TITLE
from domain.orders.values import MAX_LINES, MAX_OF_A_LINE, MAX_TEXT, SKU
from domain.users.values import MAX_ADDRESS, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from infrastructure.settings.settings import Settings
from tests.e2e.clients import ADA, Api, Headers

# What a request that fits the description may meet all the same: the state of what it is about.
MEETS_STATE = ["2xx", "3xx", "401", "403", "404", "409", "412"]

HOW_TO_TRY: dict[str, Any] = {
    "seed": 1,
    "generation": {
        "deterministic": True,
        "database": "none",
        "max-examples": 2,
        # Schemathesis writes texts for a pattern with classes such as \p{Z} rightly in ASCII alone.
        "codec": "ascii",
    },
    "checks": {
        "positive_data_acceptance": {"expected-statuses": MEETS_STATE},
        "negative_data_rejection": {
            # Without 5xx, unlike the default; 412 because a tag that is not ours is of no version.
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "422", "428"]
        },
        # 428 is there for a missing If-Match; 404 because the resource is looked for first.
        "missing_required_header": {"expected-statuses": ["400", "401", "404", "428"]},
    },
    "operations": [
        {
            # Nobody can make up a token that this service signed.
            "include-name": [
                "POST /users/email-verification",
                "POST /users/email-undo",
                "POST /users/password-reset/completion",
                "GET /users",
            ],
            "checks": {"positive_data_acceptance": {"expected-statuses": [*MEETS_STATE, "400"]}},
        },
        {
            # Which characters a domain has is told by UTS 46, and by no pattern.
            "include-name": [
                "POST /users",
                "POST /users/password-reset",
                "PUT /users/{user_id}/email",
            ],
            "checks": {"positive_data_acceptance": {"expected-statuses": [*MEETS_STATE, "422"]}},
        },
        {
            # One key is tried with several bodies.
            "include-name": [
                "POST /courses",
                "POST /orders",
                "POST /orders/{order_id}/lines",
                "POST /orders/{order_id}/payment",
                "POST /orders/{order_id}/cancellation",
            ],
            "checks": {"positive_data_acceptance": {"expected-statuses": [*MEETS_STATE, "422"]}},
        },
        {
            # The last line of an order stays.
            "include-name": "DELETE /orders/{order_id}/lines/{sku}",
            "checks": {"positive_data_acceptance": {"expected-statuses": [*MEETS_STATE, "422"]}},
        },
        {
            # To routing these are also a "/users/{user_id}", which has methods of its own.
            "include-path": [
                "/users/email-verification",
                "/users/email-undo",
                "/users/password-reset",
            ],
            "phases": {"coverage": {"unexpected-methods": ["TRACE"]}},
        },
    ],
}

# Low, so that tags often are those of a version that is there.
schemathesis.openapi.format("entity-tag", st.integers(1, 4).map('"{}"'.format))
schemathesis.openapi.format("idempotency-key", st.builds(lambda: f'"{uuid4()}"'))


def schema_of(api: Api, headers: Headers) -> BaseSchema:
    """The description of the API as Schemathesis needs it, tried by whoever has these headers."""
    description = api.get("/openapi.json").json()
    for path in description["paths"].values():
        for operation in path.values():
            # With it, no status would be an undocumented one.
            operation["responses"].pop("default", None)
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "if-match":
                    # Schemathesis makes no headers with quotes from patterns.
                    parameter["schema"]["format"] = "entity-tag"
                if parameter["name"] == "idempotency-key":
                    # Likewise. One that was used, as the example soon is, is of another request.
                    parameter["schema"] = {"type": "string", "format": "idempotency-key"}
                    parameter.pop("example", None)
                    parameter.pop("examples", None)
    config = SchemathesisConfig.from_dict({**HOW_TO_TRY, "headers": headers})
    schema = schemathesis.openapi.from_dict(description, config=config)
    schema.app = api.app
    return schema


def differences(happened: events.EngineEvent) -> Iterator[str]:
    """Where the API does not do what it says."""
    match happened:
        case events.ScenarioFinished(recorder=recorder):
            checks = [check for each in recorder.checks.values() for check in each]
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    yield f"{failure.operation}: {failure}\n{check.failure_info.code_sample}"
        case events.NonFatalError(value=error) | events.FatalError(exception=error):
            yield repr(error)


@pytest.fixture
def headers(request: pytest.FixtureRequest, api: Api) -> Headers:
    """Of somebody who is signed in, where no mail is too much."""
    settings, many = api.container.settings(), "9999 per hour"
    api.container.settings.override(evolve(settings, mails_per_address=many, mails_per_source=many))
    if request.param == "administrator":
        return api.admin()
    api.register(ADA)
    return api.bearer(ADA)


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ("memory", "member"),
        # An administrator asks the store for all that a member asks it for.
        pytest.param("dynamodb", "administrator", marks=pytest.mark.engine),
    ],
    indirect=True,
)
def test_the_api_does_what_its_description_says(api: Api, headers: Headers) -> None:
    schema = schema_of(api, headers)
    with capture_logs():
        happened = list(from_schema(schema).execute())
    assert [each for event in happened for each in differences(event)] == []
    finished = [each for each in happened if isinstance(each, events.ScenarioFinished)]
    cases = [case.value for each in finished for case in each.recorder.cases.values()]
    paths = schema.raw_schema["paths"].items()
    described = {f"{verb.upper()} {path}" for path, verbs in paths for verb in verbs}
    assert {case.operation.label for case in cases} == described


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return create_app(build_container(Settings(environment="test"))).openapi()


def test_a_client_knows_the_limits_before_it_sends(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    registration, line = (schemas[name]["properties"] for name in ("RegisterBody", "LineBody"))
    assert registration["first_name"]["maxLength"] == MAX_NAME
    assert registration["email"]["maxLength"] == MAX_ADDRESS
    assert registration["password"]["minLength"] == MIN_PASSWORD
    assert registration["password"]["maxLength"] == MAX_PASSWORD
    assert line["sku"]["pattern"] == f"^{SKU.pattern}$"
    assert set(line) == {"sku", "quantity"}
    assert schemas["CancelBody"]["properties"]["reason"]["maxLength"] == MAX_TEXT
    assert line["quantity"]["maximum"] == MAX_OF_A_LINE
    course = schemas["CourseBody"]["properties"]
    assert course["id"]["pattern"] == f"^{COURSE_ID.pattern}$"
    assert course["title"]["maxLength"] == MAX_TITLE
    assert (course["capacity"]["minimum"], course["capacity"]["maximum"]) == (1, MAX_CAPACITY)
    assert schemas["PlaceBody"]["properties"]["lines"]["maxItems"] == MAX_LINES


def test_a_pattern_takes_for_printable_what_the_domain_does() -> None:
    # Patterns may know a newer Unicode: what Python's has not assigned is left to the domain.
    categories = {chr(code): category(chr(code)) for code in range(sys.maxunicode + 1)}
    known = [each for each, kind in categories.items() if kind not in {"Cs", "Cn"}]
    printed = "".join(each for each in known if each.isprintable() and each != " ")
    others = "".join(each for each in known if not each.isprintable())
    assert fits(f"^(?:{INK})+$", printed)
    assert not fits(INK, others)


def fits(pattern: str, text: str) -> bool:
    try:
        TypeAdapter(Annotated[str, Field(pattern=pattern)]).validate_python(text)
    except ValidationError:
        return False
    return True


def test_a_change_is_described_with_the_version_it_needs(description: dict[str, Any]) -> None:
    user = description["paths"]["/users/{user_id}"]
    required = {
        verb: parameter["required"]
        for verb in ("patch", "delete")
        for parameter in user[verb]["parameters"]
        if parameter["name"] == "if-match"
    }
    assert required == {"patch": True, "delete": False}
