"""Clients of AWS, set up so that nothing but our own code retries."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.settings.settings import Settings, SettingsError


def make_client(settings: Settings, service: str = "dynamodb") -> Client:
    """A client for one service. Credentials come from the SDK's default chain.

    A local engine gets dummy credentials where none are set: it ignores them, and
    without any the SDK refuses to sign. Raises `SettingsError` where no region is set, or the
    SDK cannot use its own settings.
    """
    try:
        return _make(settings, service)
    except BotoCoreError as error:
        raise SettingsError("AWS SDK", str(error)) from error


def _make(settings: Settings, service: str) -> Client:
    session = boto3.Session(region_name=settings.region)
    if session.region_name is None:
        raise SettingsError("region", "is set neither here nor for the AWS SDK")
    dummy: dict[str, str] = {}
    if settings.uses_local_engine and session.get_credentials() is None:
        dummy = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return session.client(
        service,
        endpoint_url=settings.endpoint_url,
        config=Config(
            connect_timeout=settings.connect_timeout_seconds,
            read_timeout=settings.read_timeout_seconds,
            max_pool_connections=settings.max_pool_connections,
            # One attempt: the gateway retries, and attempts must not multiply.
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
        **dummy,
    )
