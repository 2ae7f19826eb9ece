"""Clients of AWS."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.session import Session, get_session

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.settings.checks import invalid
from infrastructure.settings.settings import Settings, SettingsError

_OF_DYNAMODB = ("dynamodb", "dynamodbstreams")
_SHORTEST_KEY_ID = 16  # characters; API reference of IAM, `AccessKey`
_KEY_ID_OF_EXAMPLES = "EXAMPLE"  # how those in the documentation of AWS end


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


def region_of(settings: Settings) -> str:
    """The region of everything. Raises `SettingsError` where none is set."""
    region: str | None = settings.region or get_session().get_config_variable("region")
    if region is None:
        raise invalid("region", "is set neither here nor for the AWS SDK")
    return region


def _make(settings: Settings, service: str, attempts: int) -> Client:
    session = get_session()
    session.register_component("data_loader", _descriptions())
    if settings.is_deployed and not settings.uses_local_engine:
        _refuse_dummies(session.get_credentials())
    dummy: dict[str, str] = {}
    if settings.uses_local_engine and session.get_credentials() is None:
        dummy = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    # Any address but that of a local engine is of DynamoDB alone.
    has_endpoint = settings.uses_local_engine or service in _OF_DYNAMODB
    return _maker_of(service, session)(
        service,
        region_name=region_of(settings),
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


@cache
def _descriptions() -> Loader:
    """What the SDK knows of services: for all clients, since reading it takes the longest."""
    loader: Loader = get_session().get_component("data_loader")
    return loader


def _maker_of(service: str, session: Session) -> Callable[..., Client]:
    """Who makes the client: boto3, but for DynamoDB, where that would only take longer."""
    maker: Callable[..., Client] = session.create_client
    if service not in _OF_DYNAMODB:
        import boto3  # noqa: PLC0415 see above

        maker = boto3.Session(botocore_session=session).client
    return maker


def _refuse_dummies(credentials: Credentials | None) -> None:
    """Raises `SettingsError` for what somebody made up for a local engine: no key id of AWS.

    Credentials of a role are issued by AWS. To look at them would fetch them.
    """
    if credentials is None or isinstance(credentials, RefreshableCredentials):
        return
    key_id = credentials.access_key or ""
    if len(key_id) < _SHORTEST_KEY_ID or key_id.endswith(_KEY_ID_OF_EXAMPLES):
        raise SettingsError(
            "AWS_ACCESS_KEY_ID",
            "a deployed service takes no dummy credentials; the SDK found them by "
            f"{credentials.method}",
        )
