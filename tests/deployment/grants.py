"""What the policy of a role grants, beside what is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from infrastructure.deployment.addresses import Place
from infrastructure.deployment.deployment import Deployment
from infrastructure.deployment.policies import policy
from infrastructure.deployment.role import Role
from tests.deployment.driving import ACCOUNT
from tests.deployment.recording import Access
from tests.stores import REGION


def granted_by(role: Role, deployment: Deployment) -> set[Access]:
    """What the policy of a role allows, as its document says."""
    document = policy(role, deployment, Place(region=REGION, account=ACCOUNT))
    return {
        (action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def not_allowed(asked: Iterable[Access], grants: Iterable[Access]) -> set[Access]:
    """What is asked for and not granted."""
    return {access for access in asked if not any(_covers(grant, access) for grant in grants)}


def not_needed(asked: Iterable[Access], grants: Iterable[Access]) -> set[Access]:
    """What is granted and not asked for."""
    return {grant for grant in grants if not any(_covers(grant, access) for access in asked)}


def _covers(grant: Access, access: Access) -> bool:
    return grant[0] == access[0] and fnmatchcase(access[1], grant[1])
