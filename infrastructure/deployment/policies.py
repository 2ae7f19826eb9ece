"""IAM policies: what a role may do, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from infrastructure.deployment.addresses import Address, Place
from infrastructure.deployment.deployment import Deployment
from infrastructure.deployment.role import Role
from infrastructure.deployment.roles import PERMISSIONS, Permissions, TableUse
from infrastructure.dynamodb.schema.table_schema import TableSchema

Grant = tuple[str, str]
"""An action, and the ARN of what it may be done to."""

_FOLLOWING = ("DescribeStream", "GetRecords", "GetShardIterator")

_PUBLISHING = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents"}

_OF_BUCKET = ("ListBucket",)
"""Actions on a bucket; the others are on its objects."""


def policy(role: Role, deployment: Deployment, place: Place) -> dict[str, Any]:
    """The policy document of a role, for a service, or a migration, that is at this place.

    Resources of which the same may be done share a statement. `*` stands for what has no name
    before it is there: the stream of a table, and the objects of a bucket.
    """
    actions_on: dict[str, set[str]] = defaultdict(set)
    for action, resource in _grants(PERMISSIONS[role], deployment, place):
        actions_on[resource].add(action)
    resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource, actions in sorted(actions_on.items()):
        resources[tuple(sorted(actions))].append(resource)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [*actions], "Resource": on}
            for actions, on in resources.items()
        ],
    }


def _grants(allowed: Permissions, deployment: Deployment, place: Place) -> Iterator[Grant]:
    for name, schema in deployment.tables.items():
        if name in deployment.aggregates:
            yield from _of_table(allowed.aggregates, schema, place)
        if name in deployment.contract:
            yield from _of_table(allowed.contract, schema, place)
        if name in allowed.tables:
            yield from _of_table(allowed.tables[name], schema, place)
        if allowed.sees_tables:
            yield from _of_look(schema, place)
    if deployment.bucket is not None:
        yield from _of_bucket(allowed.blobs, place.bucket(deployment.bucket.name))
    if allowed.publishes:
        yield from _of_addresses(deployment.addresses.values(), place)


def _of_table(use: TableUse, schema: TableSchema, place: Place) -> Iterator[Grant]:
    table = place.arn("dynamodb", f"table/{schema.name}")
    yield from ((f"dynamodb:{action}", table) for action in use.actions)
    for index in schema.index_names:
        yield from (
            (f"dynamodb:{action}", f"{table}/index/{index}") for action in use.index_actions
        )
    if use.has_stream and schema.stream_view is not None:
        yield from ((f"dynamodb:{action}", f"{table}/stream/*") for action in _FOLLOWING)


def _of_look(schema: TableSchema, place: Place) -> Iterator[Grant]:
    table = place.arn("dynamodb", f"table/{schema.name}")
    yield "dynamodb:DescribeTable", table
    if schema.ttl_attribute is not None:
        yield "dynamodb:DescribeTimeToLive", table


def _of_bucket(actions: Iterable[str], bucket: str) -> Iterator[Grant]:
    for action in actions:
        yield f"s3:{action}", bucket if action in _OF_BUCKET else f"{bucket}/*"


def _of_addresses(addresses: Iterable[Address], place: Place) -> Iterator[Grant]:
    for address in addresses:
        yield _PUBLISHING[address.service], address.arn(place)
