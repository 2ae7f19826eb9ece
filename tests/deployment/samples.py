"""Settings that name everything that can be deployed, and what is deployed then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.composition.deployment import make_deployment
from infrastructure.deployment.deployment import Deployment
from infrastructure.settings.settings import Settings
from tests.deployment.rows import CONTEXTS
from tests.stores import REGION

ACCOUNT = "123456789012"
QUEUE = f"sqs:https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/people.fifo"
TOPIC = f"sns:arn:aws:sns:{REGION}:{ACCOUNT}:numbers.fifo"
BUS = "eventbridge:audit"

EVERYTHING: dict[str, Any] = {
    "environment": "test",
    "region": REGION,
    "table_prefix": "shop-",
    "tables": {"events": "history"},
    "blob_bucket": "shop-blobs",
    "destinations": {"people": QUEUE, "numbers": TOPIC, "audit": BUS},
}


def settings_of(**changes: Any) -> Settings:
    """Settings that name everything, but for these changes."""
    return Settings(**{**EVERYTHING, **changes})


def deployment_of(settings: Settings) -> Deployment:
    """What is deployed by these settings."""
    return make_deployment(settings, CONTEXTS)


PROVISIONED: dict[str, Any] = {
    "billing_mode": "provisioned",
    "read_capacity": 7,
    "write_capacity": 3,
}


def of_type(found: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """The resources of a type in a template, by their ids."""
    return {id_: each for id_, each in found["Resources"].items() if each["Type"] == type_}
