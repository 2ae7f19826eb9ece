"""What the API says of itself in `/openapi.json`, compared with what it does.

Schemathesis makes requests of the description, such as fit it and such as do not, and follows what
answers lead to. All its checks are on.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any
from unicodedata import category

import pytest
from attrs import evolve
from pydantic import Field, TypeAdapter, ValidationError
from schemathesis.engine import events, from_schema
from structlog.testing import capture_logs

from api.container import build_container
from api.http.app import create_app
from api.http.body import INK
from domain.courses.values import COURSE_ID, MAX_CAPACITY, MAX_TITLE
from domain.orders.values import MAX_LINES, MAX_OF_A_LINE, MAX_TEXT, SKU
from domain.users.values import MAX_ADDRESS, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from infrastructure.settings.settings import Settings
from scripts.attack.description import differences, schema_of
from tests.e2e.clients import ADA, Api, Headers


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
    description = api.get("/openapi.json").json()
    schema = schema_of(description, seed=1, examples=2, headers=headers)
    schema.app = api.app
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
