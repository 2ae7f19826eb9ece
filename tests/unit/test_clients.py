"""From settings to the clients of AWS."""

from __future__ import annotations

import boto3
import pytest
from attrs import evolve
from botocore.credentials import RefreshableCredentials

from api.composition.clients import make_client
from infrastructure.settings.settings import Settings, SettingsError
from tests.deployed import OWN_KEY

DEVELOPMENT = Settings(provider="dynamodb", region="eu-central-1", signing_key=OWN_KEY)
PRODUCTION = evolve(DEVELOPMENT, environment="production")


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def given(monkeypatch: pytest.MonkeyPatch, key_id: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")


@pytest.mark.parametrize("dummy", ["local", "test", "x", "fakeMyKeyId", "AKIAIOSFODNN7EXAMPLE"])
def test_production_takes_no_dummy_credentials(dummy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, dummy)
    with pytest.raises(SettingsError, match=r"^AWS_ACCESS_KEY_ID: ") as refused:
        make_client(PRODUCTION)
    assert f" {dummy} " not in f"{refused.value} "


def test_production_takes_credentials_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "AKIA" + "A" * 16)
    assert make_client(PRODUCTION).meta.region_name == "eu-central-1"


def test_production_does_not_fetch_the_credentials_of_a_role_before_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fetch() -> dict[str, str]:
        raise AssertionError("fetched")

    role = RefreshableCredentials(None, None, None, None, fetch, "iam-role")
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: role)
    assert make_client(PRODUCTION)


@pytest.mark.parametrize("endpoint_url", [None, "http://127.0.0.1:9"])
def test_development_takes_dummy_credentials(
    endpoint_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, "local")
    assert make_client(evolve(DEVELOPMENT, endpoint_url=endpoint_url))


def test_a_local_engine_needs_no_credentials() -> None:
    client = make_client(evolve(DEVELOPMENT, endpoint_url="http://127.0.0.1:9"))
    assert client.meta.endpoint_url == "http://127.0.0.1:9"
