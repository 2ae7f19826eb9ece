"""`docker-compose.yml` as a document: nothing is started."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.markdown import GUIDES, table

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

each_service = pytest.mark.parametrize("service", SERVICES)


def test_only_localstack_starts_unless_asked() -> None:
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    assert profiles == {
        "localstack": [],
        "ministack": ["ministack"],
        "dynamodb-local": ["dynamodb-local"],
    }


@each_service
def test_image_is_pinned_to_a_whole_version(service: str) -> None:
    assert re.fullmatch(r"[\w/-]+:\d+\.\d+\.\d+", SERVICES[service]["image"])


def test_localstack_is_the_last_tag_that_needs_no_account() -> None:
    assert SERVICES["localstack"]["image"] == "localstack/localstack:4.14.0"


def test_ministack_is_the_version_that_the_tests_run() -> None:
    version = SERVICES["ministack"]["image"].partition(":")[2]
    assert f"ministack=={version}" in (ROOT / "requirements/ministack.in").read_text()


@each_service
def test_ports_are_open_on_this_machine_only(service: str) -> None:
    ports = SERVICES[service]["ports"]
    assert ports
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []
    assert "network_mode" not in SERVICES[service]


def test_no_two_services_share_a_port() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service["ports"]]
    assert len(ports) == len(set(ports))


@each_service
def test_service_says_when_it_is_healthy(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("service", ["localstack", "ministack"])
def test_stand_ins_for_aws_have_the_services_of_the_project(service: str) -> None:
    services = set(SERVICES[service]["environment"]["SERVICES"].split(","))
    assert services >= {"dynamodb", "dynamodbstreams", "s3", "sqs", "sns", "events"}


def test_the_guide_lists_these_services() -> None:
    rows = [
        (row["image"], row["port"]) for row in table(GUIDES / "local-development.md", "With Docker")
    ]
    assert rows == [(s["image"], s["ports"][0].split(":")[1]) for s in SERVICES.values()]
