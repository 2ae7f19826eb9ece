"""What the API says of itself, as Schemathesis needs it, and where the two differ.

All checks are on. What is named here is what no description can say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import schemathesis
from attrs import frozen
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.schemas import BaseSchema

# What a request that fits the description may meet all the same: the state of what it is about.
_MEETS_STATE = ["2xx", "3xx", "401", "403", "404", "409", "412"]

_CHECKS: dict[str, Any] = {
    "positive_data_acceptance": {"expected-statuses": _MEETS_STATE},
    "negative_data_rejection": {
        # Without 5xx, unlike the default; 412 because a tag that is not ours is of no version.
        "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "422", "428"]
    },
    # 428 is there for a missing If-Match; 403 and 404 because what is asked for is looked at first.
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "428"]},
}

_OPERATIONS: list[dict[str, Any]] = [
    {
        # Nobody can make up a token that this service signed.
        "include-name": [
            "POST /users/email-verification",
            "POST /users/email-undo",
            "POST /users/password-reset/completion",
            "GET /users",
        ],
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_MEETS_STATE, "400"]}},
    },
    {
        # Which characters a domain has is told by UTS 46, and by no pattern.
        "include-name": [
            "POST /users",
            "POST /users/password-reset",
            "PUT /users/{user_id}/email",
        ],
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_MEETS_STATE, "422"]}},
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
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_MEETS_STATE, "422"]}},
    },
    {
        # The last line of an order stays.
        "include-name": "DELETE /orders/{order_id}/lines/{sku}",
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_MEETS_STATE, "422"]}},
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
]

# Low, so that tags often are those of a version that is there.
schemathesis.openapi.format("entity-tag", st.integers(1, 4).map('"{}"'.format))
schemathesis.openapi.format("idempotency-key", st.builds(lambda: f'"{uuid4()}"'))


@frozen
class Difference:
    """Where the API does not do what it says; `sample` is a command that shows it."""

    operation: str
    what: str
    sample: str = ""


def schema_of(
    description: dict[str, Any], *, seed: int, examples: int, **config: object
) -> BaseSchema:
    """The description with how to try it: so many examples of each operation and kind.

    `config` is more of Schemathesis's own configuration, such as `base-url`.
    """
    for path in description["paths"].values():
        for operation in path.values():
            # With it, no status would be an undocumented one.
            operation["responses"].pop("default", None)
            for parameter in operation.get("parameters", ()):
                _let_be_generated(parameter)
    how = {
        "seed": seed,
        "generation": {
            "deterministic": True,
            "database": "none",
            "max-examples": examples,
            # Schemathesis writes texts for a pattern with classes such as \p{Z} rightly in ASCII
            # alone.
            "codec": "ascii",
        },
        "checks": _CHECKS,
        "operations": _OPERATIONS,
        **config,
    }
    return schemathesis.openapi.from_dict(description, config=SchemathesisConfig.from_dict(how))


def _let_be_generated(parameter: dict[str, Any]) -> None:
    if parameter["name"] == "if-match":
        # Schemathesis makes no headers with quotes from patterns.
        parameter["schema"]["format"] = "entity-tag"
    if parameter["name"] == "idempotency-key":
        # Likewise. One that was used, as the example soon is, is of another request.
        parameter["schema"] = {"type": "string", "format": "idempotency-key"}
        parameter.pop("example", None)
        parameter.pop("examples", None)


def differences(happened: events.EngineEvent) -> Iterator[Difference]:
    """Where the API does not do what it says."""
    match happened:
        case events.ScenarioFinished(recorder=recorder):
            checks = [check for each in recorder.checks.values() for check in each]
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    yield Difference(
                        str(failure.operation), str(failure), check.failure_info.code_sample
                    )
        case events.NonFatalError(value=error) | events.FatalError(exception=error):
            yield Difference("", repr(error))
