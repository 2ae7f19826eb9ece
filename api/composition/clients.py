"""Clients of AWS."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.settings.settings import Settings, SettingsError

_OF_DYNAMODB = ("dynamodb", "dynamodbstreams")


def make_client(settings: Settings, service: str = "dynamodb", *, attempts: int = 1) -> Client:
    """A client for one service. Credentials come from the SDK's default chain.

    The SDK tries a request so many times: once where our own code retries, because attempts must
    not multiply. A local engine has all services at its endpoint, and gets dummy credentials where
    none are set: it ignores them, and without any the SDK refuses to sign. Raises `SettingsError`
    where no region is set, or the SDK cannot use its own settings.
    """
    try:
        return _make(settings, service, attempts)
    except BotoCoreError as error:
        raise SettingsError("AWS SDK", str(error)) from error


def _make(settings: Settings, service: str, attempts: int) -> Client:
    session = boto3.Session(region_name=settings.region)
    if session.region_name is None:
        raise SettingsError("region", "is set neither here nor for the AWS SDK")
    dummy: dict[str, str] = {}
    if settings.uses_local_engine and session.get_credentials() is None:
        dummy = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    # Any address but that of a local engine is of DynamoDB alone.
    has_endpoint = settings.uses_local_engine or service in _OF_DYNAMODB
    return session.client(
        service,
        endpoint_url=settings.endpoint_url if has_endpoint else None,
        config=Config(
            connect_timeout=settings.connect_timeout_seconds,
            read_timeout=settings.read_timeout_seconds,
            max_pool_connections=settings.max_pool_connections,
            retries={"mode": "standard", "total_max_attempts": attempts},
            # A local engine has one host name, and not one for each bucket.
            s3={"addressing_style": "path" if settings.uses_local_engine else "auto"},
        ),
        **dummy,
    )
