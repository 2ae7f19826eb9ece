"""What a service needs of AWS, as its settings name it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from infrastructure.deployment.addresses import Address
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema


@frozen(kw_only=True)
class Bucket:
    """A bucket for blobs. `encryption` is `AES256` or `aws:kms`."""

    name: str
    encryption: str = "AES256"


@frozen(kw_only=True)
class Deployment:
    """The tables of a service by logical name, its bucket, and where its messages go.

    `aggregates` are the logical names of the tables of state-stored aggregates, `contract` those of
    the tables that a migration's contract names. `addresses` are queues, topics and buses, each
    under the first logical name of a destination that it has.
    """

    tables: Mapping[str, TableSchema]
    aggregates: frozenset[str] = frozenset()
    contract: frozenset[str] = frozenset()
    capacity: Capacity = field(factory=Capacity)
    bucket: Bucket | None = None
    addresses: Mapping[str, Address] = field(factory=dict)
