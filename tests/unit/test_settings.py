import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields
from typed_settings.constants import METADATA_KEY

from api.composition.dynamodb import make_event_model
from api.container import build_container
from infrastructure.contexts.registered import REGISTERED
from infrastructure.settings.destination import Destination
from infrastructure.settings.place import Environment
from infrastructure.settings.safety import MAKE_KEY
from infrastructure.settings.settings import (
    DIRECTORY,
    SAMPLE_PASSWORD,
    SAMPLE_SIGNING_KEY,
    Settings,
    SettingsError,
    load_settings,
)
from tests.deployed import OWN_KEY

QUEUE = "sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/users"

load_named = partial(
    load_settings, tables=("users", "events", "snapshots", "checkpoints"), destinations=("users",)
)
"""Loads with a setting for each of these tables and destinations."""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DYNASTRATA_"):
            monkeypatch.delenv(name)


def write(directory: Path, text: str, environment: str = "development") -> Path:
    (directory / f"{environment}.toml").write_text(text)
    return directory


def production(**changes: Any) -> Settings:
    safe = {"environment": "production", "provider": "dynamodb"}
    return evolve(Settings(signing_key=OWN_KEY), **{**safe, **changes})


def staging(**changes: Any) -> Settings:
    return production(**{"environment": "staging", **changes})


def test_defaults_apply_without_a_file(tmp_path: Path) -> None:
    assert Settings() == load_settings(tmp_path)


def test_a_file_comes_before_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, '[dynastrata]\nhttp_port = 9000\nregion = "eu-west-1"')
    assert Settings(http_port=9000, region="eu-west-1") == load_settings(tmp_path)


def test_keys_may_stand_at_the_top_level(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "http_port = 9000")).http_port == 9000


def test_a_variable_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "http_port = 9000\nlisting_shards = 4")
    monkeypatch.setenv("DYNASTRATA_HTTP_PORT", "9001")
    assert Settings(http_port=9001, listing_shards=4) == load_settings(tmp_path)


def test_the_environment_chooses_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "http_port = 9000", "test")
    monkeypatch.setenv("DYNASTRATA_ENVIRONMENT", "test")
    assert Settings(http_port=9000, environment="test") == load_settings(tmp_path)


@pytest.mark.parametrize("name", ["endpoint_url", "blob_store", "blob_bucket"])
def test_an_empty_variable_means_that_nothing_is_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DYNASTRATA_{name.upper()}", "")
    assert getattr(load_settings(tmp_path), name) is None


@pytest.mark.parametrize("environment", ["development", "test", "staging", "production"])
def test_the_files_of_the_repository_load(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNASTRATA_ENVIRONMENT", environment)
    monkeypatch.setenv("DYNASTRATA_SIGNING_KEY", OWN_KEY)
    settings = load_settings(
        DIRECTORY,
        tables=REGISTERED.tables,
        destinations=REGISTERED.integration_events.destinations,
    )
    assert settings.environment == environment
    assert settings.create_tables is (environment in ("development", "test"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTP_PROT", "1", "DYNASTRATA_HTTP_PROT: unknown variable; did you mean DYNASTRATA_HTTP_"),
        ("XYZZY", "1", "DYNASTRATA_XYZZY: unknown variable"),
        ("HTTP_PORT", "eighty", "http_port (DYNASTRATA_HTTP_PORT): must be a whole number"),
        ("HTTP_PORT", "80.5", "http_port (DYNASTRATA_HTTP_PORT): must be a whole number"),
        ("HTTP_PORT", "0", "http_port (DYNASTRATA_HTTP_PORT): must be a number from 1 to 65535"),
        ("LISTING_SHARDS", "0", "listing_shards (DYNASTRATA_LISTING_SHARDS): must be a number"),
        ("RETRY_CAP_SECONDS", "inf", "retry_cap_seconds (DYNASTRATA_RETRY_CAP_SECONDS): must be a"),
        ("CREATE_TABLES", "maybe", "create_tables (DYNASTRATA_CREATE_TABLES): must be true or fal"),
        ("PROVIDER", "mysql", "provider (DYNASTRATA_PROVIDER): must be one of memory, dynamodb"),
        ("ENVIRONMENT", "prod", "environment (DYNASTRATA_ENVIRONMENT): must be one of developmen"),
        ("ENDPOINT_URL", "localhost:4566", "endpoint_url (DYNASTRATA_ENDPOINT_URL): must be an h"),
        ("TABLE_PREFIX", "a/b", "table_prefix (DYNASTRATA_TABLE_PREFIX): may hold letters"),
        ("EVENTS_TABLE", "a/b", "events_table (DYNASTRATA_EVENTS_TABLE): may hold letters"),
        ("SNAPSHOTS_TABLE", "a b", "snapshots_table (DYNASTRATA_SNAPSHOTS_TABLE): may hold let"),
        ("CHECKPOINTS_TABLE", "é", "checkpoints_table (DYNASTRATA_CHECKPOINTS_TABLE): may hold"),
        ("USERS_TABEL", "a", "DYNASTRATA_USERS_TABEL: unknown variable; did you mean DYNASTRATA_U"),
        ("ORDERS_TABLE", "a", "DYNASTRATA_ORDERS_TABLE: unknown variable"),
        ("TABLES", "a", "DYNASTRATA_TABLES: unknown variable"),
        ("DESTINATIONS", "log:", "DYNASTRATA_DESTINATIONS: unknown variable"),
        ("USERS_DESTINATION", "x:", "users_destination (DYNASTRATA_USERS_DESTINATION): must be l"),
        ("EVENTS_PARTITION_KEY", "", "events_partition_key (DYNASTRATA_EVENTS_PARTITION_KEY): mu"),
        ("EVENTS_SORT_KEY", "x" * 256, "events_sort_key (DYNASTRATA_EVENTS_SORT_KEY): must have"),
        ("EVENTS_SORT_KEY", "a#b", "events_sort_key (DYNASTRATA_EVENTS_SORT_KEY): must have 1 to"),
        ("EVENTS_MAX_BATCH_SIZE", "0", "events_max_batch_size (DYNASTRATA_EVENTS_MAX_BATCH_SIZE"),
        ("EVENTS_MAX_BATCH_SIZE", "101", "events_max_batch_size (DYNASTRATA_EVENTS_MAX_BATCH_SI"),
        ("EVENTS_STREAMS_ENABLED", "7", "events_streams_enabled (DYNASTRATA_EVENTS_STREAMS_ENAB"),
        ("STREAMS_POLL_INTERVAL_MS", "0", "streams_poll_interval_ms (DYNASTRATA_STREAMS_POLL_I"),
        ("SNAPSHOT_EVERY", "-1", "snapshot_every (DYNASTRATA_SNAPSHOT_EVERY): must be a number"),
        ("HASHING_SLOTS", "21", "hashing_slots (DYNASTRATA_HASHING_SLOTS): must be a number from"),
        ("FAILURES_PER_SOURCE", "many", "failures_per_source (DYNASTRATA_FAILURES_PER_SOURCE): m"),
        ("FAILURES_PER_SOURCE", "0 per hour", "failures_per_source (DYNASTRATA_FAILURES_PER_SOU"),
        ("FAILURES_PER_SOURCE", "5 per 2 days", "failures_per_source (DYNASTRATA_FAILURES_PER_S"),
        ("FAILURES_PER_SOURCE", "5/hour; 9/day", "failures_per_source (DYNASTRATA_FAILURES_PER_"),
        ("HTTP_TRUSTED_PROXIES", "*", "http_trusted_proxies (DYNASTRATA_HTTP_TRUSTED_PROXIES): mu"),
        ("HTTP_TRUSTED_PROXIES", "0.0.0.0/0", "http_trusted_proxies (DYNASTRATA_HTTP_TRUSTED_PROX"),
        ("HTTP_TRUSTED_PROXIES", "10.0.0.1/8", "http_trusted_proxies (DYNASTRATA_HTTP_TRUSTED_PRO"),
        (
            "BLOB_STORE",
            "disk",
            "blob_store (DYNASTRATA_BLOB_STORE): must be one of memory, file, s",
        ),
        ("BLOB_BUCKET", "My_Bucket", "blob_bucket (DYNASTRATA_BLOB_BUCKET): must be the name of a"),
        (
            "BLOB_BUCKET",
            "-b-",
            "blob_bucket (DYNASTRATA_BLOB_BUCKET): must be the name of a bucket",
        ),
        ("BLOB_ENCRYPTION", "", "blob_encryption (DYNASTRATA_BLOB_ENCRYPTION): must be one of AES"),
        ("BLOB_CACHE_MEGABYTES", "0", "blob_cache_megabytes (DYNASTRATA_BLOB_CACHE_MEGABYTES): mu"),
        ("OFFLOAD_THRESHOLD_BYTES", "400000", "offload_threshold_bytes (DYNASTRATA_OFFLOAD_THRES"),
        ("SIGNING_KEY", "hush", "signing_key (DYNASTRATA_SIGNING_KEY): must have at least 32 byt"),
        ("SIGNING_KEY", "k" * 64, "signing_key (DYNASTRATA_SIGNING_KEY): must have at least 32 b"),
    ],
)
def test_a_wrong_variable_is_named(
    variable: str, value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DYNASTRATA_{variable}", value)
    with pytest.raises(SettingsError) as refused:
        load_named(tmp_path)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http_prot = 1", "http_prot in {}/development.toml: unknown key; did you mean http_port?"),
        ("[dynastrata.http_port]", "http_port (DYNASTRATA_HTTP_PORT): must be a whole number"),
        ("[other]\nhttp_port = 1", "other in {}/development.toml: unknown key"),
        ("dynastrata = 1", "{}/development.toml: [dynastrata] must be a section"),
        ("http_port = 80.0", "http_port (DYNASTRATA_HTTP_PORT): must be a whole number"),
        ("http_port = true", "http_port (DYNASTRATA_HTTP_PORT): must be a whole number"),
        ("region = 1", "region (DYNASTRATA_REGION): must be a text"),
        ("create_tables = 7", "create_tables (DYNASTRATA_CREATE_TABLES): must be true or false"),
        ('environment = "test"', "environment in {}/development.toml: is chosen by DYNASTRATA_"),
        ("http_port =", "{}/development.toml: cannot be read as TOML"),
        ("users_table = 1", "users_table (DYNASTRATA_USERS_TABLE): must be a text"),
        ('orders_table = "a"', "orders_table in {}/development.toml: unknown key"),
        ('tables = {users = "a"}', "tables in {}/development.toml: unknown key"),
    ],
)
def test_a_wrong_key_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_named(write(tmp_path, text))
    assert str(refused.value).startswith(message.format(tmp_path.name))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"events_partition_key": "sk"}, "events_sort_key"),
        ({"events_sort_key": "pk"}, "events_sort_key"),
        ({"events_partition_key": "key", "events_sort_key": "key"}, "events_sort_key"),
        ({"events_partition_key": "eventType"}, "events_partition_key"),
        ({"events_sort_key": "version"}, "events_sort_key"),
    ],
)
def test_an_attribute_of_an_event_has_one_meaning(changes: dict[str, Any], name: str) -> None:
    settings = Settings(**changes)
    with pytest.raises(SettingsError) as refused:
        make_event_model(settings)
    assert refused.value.name.startswith(name)


def test_the_keys_of_events_may_go_by_other_names() -> None:
    settings = Settings(events_partition_key="sk", events_sort_key="a" * 255)
    assert (settings.events_partition_key, settings.events_sort_key) == ("sk", "a" * 255)
    model = make_event_model(settings)
    assert (model.pk.attr_name, model.sk.attr_name) == ("sk", "a" * 255)


def test_each_table_and_destination_has_a_setting_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path, f'users_table = "people"\nevents_table = "facts"\nusers_destination = "{QUEUE}"'
    )
    monkeypatch.setenv("DYNASTRATA_EVENTS_TABLE", "history")

    settings = load_named(tmp_path)

    assert settings.tables == {"users": "people", "events": "history"} | dict.fromkeys(
        ("snapshots", "checkpoints"), ""
    )
    assert settings.destinations == {"users": QUEUE}
    assert settings.destination("users") == Destination.parse(QUEUE)


def test_messages_go_to_the_log_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert load_named(tmp_path).destination("users") == Destination("log")
    assert Settings().destination("users") == Destination("log")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"tables": {"users": "people", "events": "a/b"}}, "events_table"),
        ({"destinations": {"orders": "log:", "users": "nowhere"}}, "users_destination"),
    ],
)
def test_what_is_wrong_by_name_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(**changes)
    assert refused.value.name == f"{name} (DYNASTRATA_{name.upper()})"


@pytest.mark.parametrize("value", ["hush", "hush-hush-\udcff"])
def test_a_secret_is_never_shown(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNASTRATA_SIGNING_KEY", value)
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path)
    assert "hush" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_settings_do_not_show_their_secrets() -> None:
    settings = Settings(signing_key=OWN_KEY, admin_password="hush-hush-hush")
    assert OWN_KEY not in repr(settings)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("deployed", [production, staging])
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"provider": "memory"}, "provider"),
        ({"signing_key": SAMPLE_SIGNING_KEY}, "signing_key"),
        ({"admin_password": SAMPLE_PASSWORD}, "admin_password"),
        ({"create_tables": True}, "create_tables"),
        ({"blob_store": "memory"}, "blob_store"),
    ],
)
def test_staging_and_production_refuse_what_is_unsafe(
    deployed: Callable[..., Settings], changes: dict[str, Any], name: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        deployed(**changes)
    assert refused.value.name.startswith(name)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"endpoint_url": "http://dynamodb.eu-central-1.amazonaws.com"}, "endpoint_url"),
        ({"endpoint_url": "https://localhost:4566"}, "endpoint_url"),
        ({"endpoint_url": "https://127.0.0.1"}, "endpoint_url"),
        ({"endpoint_url": "https://[::1]:8000"}, "endpoint_url"),
        ({"endpoint_url": "https://localstack:4566"}, "endpoint_url"),
        ({"endpoint_url": "HTTPS://LOCALHOST"}, "endpoint_url"),
        ({"destinations": {"users": "sqs:http://127.0.0.1:4566/000000000000/q"}}, "users_dest"),
    ],
)
def test_a_local_engine_is_for_staging_and_not_for_production(
    changes: dict[str, Any], name: str
) -> None:
    assert staging(**changes).is_deployed
    with pytest.raises(SettingsError) as refused:
        production(**changes)
    assert refused.value.name.startswith(name)


def test_staging_refuses_the_sample_key_on_this_machine_too() -> None:
    with pytest.raises(SettingsError, match=r"^signing_key "):
        staging(endpoint_url="http://127.0.0.1:4566", signing_key=SAMPLE_SIGNING_KEY)


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"endpoint_url": "https://dynamodb.eu-central-1.amazonaws.com"},
        {"endpoint_url": "http://localstack:4566"},
        {"endpoint_url": "http://10.0.0.7:4566"},
        {"endpoint_url": "http://localhost.example.com:4566"},
        {"endpoint_url": "http://127.0.0.1.example.com"},
        {"endpoint_url": "http://127.0.0.1@example.com"},
    ],
)
@pytest.mark.parametrize("environment", ["development", "test"])
def test_samples_are_refused_where_others_could_use_them(
    environment: Environment, place: dict[str, Any]
) -> None:
    settings = Settings(environment=environment, provider="dynamodb", region="eu-west-1", **place)
    with pytest.raises(SettingsError, match=r"^signing_key .*: export DYNASTRATA_SIGNING_KEY=\$"):
        build_container(settings)
    with pytest.raises(SettingsError, match=r"^admin_password "):
        build_container(evolve(settings, signing_key=OWN_KEY, admin_password=SAMPLE_PASSWORD))
    build_container(evolve(settings, signing_key=OWN_KEY))


@pytest.mark.parametrize(
    "place",
    [
        {"provider": "memory"},
        {"endpoint_url": "http://127.0.0.1:4566"},
        {"endpoint_url": "http://127.1.2.3:4566"},
        {"endpoint_url": "http://[::1]:8000"},
        {"endpoint_url": "https://LOCALHOST:4566"},
        {"endpoint_url": "http://dynamodb.localhost:4566"},
    ],
)
def test_samples_are_for_memory_and_an_engine_on_this_machine(place: dict[str, Any]) -> None:
    build_container(Settings(**{"provider": "dynamodb", "region": "eu-west-1", **place}))


def test_the_command_that_makes_a_key_makes_one_that_is_taken() -> None:
    shown = subprocess.run(
        ["/bin/sh", "-c", f"{MAKE_KEY}; printf %s $DYNASTRATA_SIGNING_KEY"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert staging(signing_key=shown.stdout).is_deployed


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"create_tables": True, "allow_create_tables_in_production": True},
        {"blob_store": "file", "blob_folder": "/blobs"},
        {"endpoint_url": "https://vpce-0123.dynamodb.eu-central-1.vpce.amazonaws.com"},
        {"endpoint_url": "https://dynamodb-fips.us-east-1.amazonaws.com"},
        {"destinations": {"users": "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/q"}},
    ],
)
def test_production_takes_what_is_safe(changes: dict[str, Any]) -> None:
    assert production(**changes).is_production


def test_every_setting_explains_itself() -> None:
    silent = [a.name for a in fields(Settings) if not a.metadata[METADATA_KEY]["help"]]
    assert silent == []


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_staging_and_production_do_not_run_without_their_file(
    environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNASTRATA_ENVIRONMENT", environment)
    monkeypatch.setenv("DYNASTRATA_SIGNING_KEY", OWN_KEY)

    with pytest.raises(SettingsError, match=rf"{environment}\.toml"):
        load_settings(tmp_path)
