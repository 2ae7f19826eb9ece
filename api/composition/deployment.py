"""From settings to what is deployed."""

from __future__ import annotations

import boto3

from api.composition.dynamodb import make_capacity, make_table_schemas
from api.composition.messaging import make_destinations
from infrastructure.contexts.context import Contexts
from infrastructure.deployment.addresses import Address, Place, address_of
from infrastructure.deployment.deployment import Bucket, Deployment
from infrastructure.settings.settings import Settings


def make_deployment(settings: Settings, contexts: Contexts) -> Deployment:
    """What a service needs of AWS. The provider may be another one. Raises `SettingsError`."""
    return Deployment(
        tables=make_table_schemas(settings, contexts),
        aggregates=frozenset(each.aggregate_type.table for each in contexts.state_stored),
        capacity=make_capacity(settings),
        bucket=_bucket(settings),
        addresses=_addresses(settings, contexts),
    )


def make_place(settings: Settings, account: str) -> Place:
    """Where the service is: the region of the settings or of the SDK, any where there is none."""
    session = boto3.Session(region_name=settings.region)
    region = session.region_name
    if region is None:
        return Place(account=account)
    partition = session.get_partition_for_region(region)
    return Place(partition=partition, region=region, account=account)


def _bucket(settings: Settings) -> Bucket | None:
    if settings.blob_bucket is None or settings.blob_store not in (None, "s3"):
        return None
    is_left = settings.blob_encryption == "bucket"
    encryption = "AES256" if is_left else settings.blob_encryption
    return Bucket(name=settings.blob_bucket, encryption=encryption)


def _addresses(settings: Settings, contexts: Contexts) -> dict[str, Address]:
    found: dict[Address, str] = {}
    for name, destination in make_destinations(settings, contexts).by_name.items():
        address = address_of(destination)
        if address is not None:
            found.setdefault(address, name)
    return {name: address for address, name in found.items()}
