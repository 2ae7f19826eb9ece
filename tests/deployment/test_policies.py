"""Policies allow what the code asks for under each role, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from cfnlint.api import lint

from api.composition.deployment import make_deployment
from infrastructure.contexts.registered import REGISTERED
from infrastructure.deployment.addresses import Place
from infrastructure.deployment.policies import policy
from infrastructure.deployment.role import OF_CONTRACT, Role
from infrastructure.engines import LocalEngine
from tests.deployment.driving import Driven, driven
from tests.deployment.grants import granted_by, not_allowed, not_needed
from tests.deployment.recording import Access
from tests.deployment.rows import BY_DEPLOYERS, CONTEXTS, MORE, role_of, rows
from tests.deployment.samples import ACCOUNT as SHOP
from tests.deployment.samples import deployment_of, settings_of
from tests.faults.matrix.completeness import TESTS
from tests.faults.use_cases.kernel import USE_CASES, configure
from tests.stores import REGION

MAX_POLICY = 6_144
"""Characters of a managed policy, white space apart. Source: "IAM and AWS STS quotas"."""


@pytest.fixture(scope="module")
def service(ministack: LocalEngine) -> Iterator[Driven]:
    """A service of the samples, with a bucket and a destination of every kind."""
    yield from driven(ministack, CONTEXTS, configure)


SERVICE_ROLES = [role for role in Role if role not in OF_CONTRACT]


def granted(driven: Driven, role: Role) -> set[Access]:
    """What the policy of a role allows, as its document says."""
    settings = driven.service.container.settings()
    return granted_by(role, make_deployment(settings, driven.service.contexts))


@pytest.mark.engine
@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_policy_allows_what_its_role_asks_for_and_nothing_else(
    service: Driven, role: Role
) -> None:
    asked = {access for row in rows(role, USE_CASES) for access in service.asked_by(row)}
    asked |= {access for more in MORE[role] for access in service.asked_undisturbed(more)}
    if role is Role.APPLICATION:
        asked |= service.asked_by_resuming()
    grants = granted(service, role)
    assert not_allowed(asked, grants) == set()
    assert not_needed(asked, grants) == set()


CONTEXTS_OF_SERVICE = sorted(path.parent.name for path in TESTS.glob("*/fault_use_cases.py"))


@pytest.mark.engine
@pytest.mark.parametrize("context", CONTEXTS_OF_SERVICE)
def test_every_use_case_of_a_context_is_allowed_to_the_application(
    ministack: LocalEngine, context: str
) -> None:
    matrix = import_module(f"tests.{context}.fault_use_cases")
    for service in driven(ministack, REGISTERED, matrix.configure):
        asked = {each for row in matrix.USE_CASES for each in service.asked_undisturbed(row)}
        assert asked
        assert not_allowed(asked, granted(service, Role.APPLICATION)) == set()


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_policy_is_small_enough_for_a_managed_policy(role: Role) -> None:
    assert len(json.dumps(document(role), separators=(",", ":"))) <= MAX_POLICY


def test_policies_pass_cfn_lint() -> None:
    policies = {
        f"Policy{role.name.title().replace('_', '')}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": document(role)},
        }
        for role in SERVICE_ROLES
    }
    assert lint(json.dumps({"Resources": policies})) == []


def test_a_policy_names_what_the_settings_name() -> None:
    relay = json.dumps(document(Role.RELAY))
    for arn in (
        f"arn:aws:dynamodb:{REGION}:{SHOP}:table/shop-outbox/index/outstanding",
        f"arn:aws:dynamodb:{REGION}:{SHOP}:table/shop-outbox/stream/*",
        f"arn:aws:sqs:{REGION}:{SHOP}:people.fifo",
        f"arn:aws:sns:{REGION}:{SHOP}:numbers.fifo",
        f"arn:aws:events:{REGION}:{SHOP}:event-bus/audit",
    ):
        assert f'"{arn}"' in relay
    projector = json.dumps(document(Role.PROJECTOR))
    assert f'"arn:aws:dynamodb:{REGION}:{SHOP}:table/history/stream/*"' in projector
    assert '"arn:aws:s3:::shop-blobs/*"' in projector


def test_there_is_no_permission_for_what_the_settings_leave_out() -> None:
    changes: dict[str, Any] = {
        "blob_bucket": None,
        "destinations": {},
        "events_streams_enabled": False,
    }
    text = json.dumps([document(role, **changes) for role in SERVICE_ROLES])
    assert "s3:" not in text
    assert not any(action in text for action in ("sqs:", "sns:", "events:PutEvents"))
    assert "table/history/stream" not in text
    assert "table/shop-outbox/stream" in text


def document(role: Role, **changes: Any) -> dict[str, Any]:
    """The policy of a role, by settings that name everything but for these changes."""
    return policy(role, deployment_of(settings_of(**changes)), Place(region=REGION, account=SHOP))


def test_what_a_policy_lacks_and_what_it_has_too_much_is_found() -> None:
    asked = {("s3:GetObject", "arn:aws:s3:::blobs/1"), ("s3:PutObject", "arn:aws:s3:::blobs/1")}
    grants = {("s3:GetObject", "arn:aws:s3:::blobs/*"), ("s3:GetObject", "arn:aws:s3:::others/*")}
    assert not_allowed(asked, grants) == {("s3:PutObject", "arn:aws:s3:::blobs/1")}
    assert not_needed(asked, grants) == {("s3:GetObject", "arn:aws:s3:::others/*")}


def test_what_is_for_those_who_deploy_is_in_no_role() -> None:
    assert {row.name for row in USE_CASES if role_of(row.name) is None} == BY_DEPLOYERS
