"""Every setting there is: its default, then `settings/<environment>.toml`, then `DYNASTRATA_…`."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import typed_settings as ts
from attrs import fields, frozen, make_class
from attrs.validators import optional

from infrastructure.settings.checks import (
    PREFIX,
    SettingCheck,
    SettingsError,
    attribute_name,
    bucket_name,
    bytes_at_least,
    destination,
    each,
    invalid,
    is_local,
    networks,
    one_of,
    option_of,
    part_of_table_name,
    rate,
    variable,
    web_address,
    within,
)
from infrastructure.settings.destination import Destination
from infrastructure.settings.loading import BY_NAME, parse, read_file, refuse_unknown_variables

__all__ = [
    "SAMPLE_PASSWORD",
    "SAMPLE_SIGNING_KEY",
    "Settings",
    "SettingsError",
    "load_settings",
]

T = TypeVar("T")
Environment = Literal["development", "test", "production"]
ProviderName = Literal["memory", "dynamodb"]
BillingMode = Literal["on_demand", "provisioned"]
BlobStoreName = Literal["memory", "file", "s3"]
BlobEncryption = Literal["AES256", "aws:kms", "bucket"]
LogLevel = Literal["debug", "info", "warning", "error"]
MetricsName = Literal["off", "emf"]

DIRECTORY = Path(__file__).resolve().parents[2] / "settings"

# Both can be read here by everyone, which is why production refuses them.
SAMPLE_SIGNING_KEY = "sample-signing-key-for-development-only"
SAMPLE_PASSWORD = "sample-password"  # noqa: S105 a sample, see above

TABLE, DESTINATION = "_table", "_destination"
"""What the settings end with that a logical name has: `users_table`, `users_destination`."""

DEFAULT_DESTINATION = "log:"

_SHORTEST_SIGNING_KEY = 32  # bytes: what HS256 asks for, RFC 7518, section 3.2


def _option(default: T, meaning: str = "", check: SettingCheck | None = None) -> T:
    return ts.option(default=default, validator=check, help=meaning)


def _secret(default: str, meaning: str, check: SettingCheck | None = None) -> str:
    return ts.secret(default=default, validator=check, help=meaning)


def _optional(meaning: str, check: SettingCheck | None = None) -> Any:
    """Checked only where it is set."""
    return ts.option(
        default=None,
        # An empty variable is how a compose file or a shell says "not set".
        converter=lambda value: value or None,
        validator=None if check is None else optional(check),
        help=meaning,
    )


@frozen(kw_only=True)
class Settings:
    """All settings, checked as a whole. Making one raises `SettingsError`."""

    environment: Environment = _option(
        "development",
        "Chooses the settings file, and how strict the checks are.",
        one_of(Environment),
    )
    provider: ProviderName = _option(
        "memory", "Where everything is kept. memory: forgotten at exit.", one_of(ProviderName)
    )
    endpoint_url: str | None = _optional(
        "Address of a local DynamoDB engine, and of its S3, SQS, SNS and EventBridge. Empty: AWS "
        "itself.",
        web_address,
    )
    region: str | None = _optional("AWS region. Empty: the one that the AWS SDK finds.")
    table_prefix: str = _option("", "Goes before the name of every table.", part_of_table_name)
    tables: Mapping[str, str] = ts.option(
        factory=dict,
        validator=each(TABLE, part_of_table_name),
        help="Whole name of the table `<name>`. Empty: the prefix and `<name>`.",
    )
    events_partition_key: str = _option(
        "pk", "Partition key of the table of events.", attribute_name
    )
    events_sort_key: str = _option("sk", "Sort key of the table of events.", attribute_name)
    events_transactional_write: bool = _option(
        default=True,
        meaning="Whether the event store appends several events at once. Off: one after the "
        "other, which is cheaper and weaker.",
    )
    events_max_batch_size: int = _option(
        100, "Most events of one stream in one commit.", within(1, 100)
    )
    events_streams_enabled: bool = _option(
        default=True,
        meaning="Whether a new table of events has a stream, which subscriptions follow.",
    )
    streams_poll_interval_ms: int = _option(
        1000, "Milliseconds between two looks at a stream without news.", within(1, 60_000)
    )
    tagged_events_service_id: str = _option(
        "", "Keeps the tagged events of several services in one table apart. Never change it."
    )
    tagged_events_write_shards: int = _option(
        1,
        "How many partitions the index of all tagged events is spread over. Never fewer than "
        "before.",
        within(1, 100),
    )
    tagged_events_safe_window_seconds: float = _option(
        5.0,
        "How far behind the clock tagged events are read in the order of all.",
        within(0, 3600),
    )
    projections_checkpoint_events: int = _option(
        1000,
        "Events that a projector reads between two times it stores its state.",
        within(1, 10**6),
    )
    projections_checkpoint_seconds: float = _option(
        5.0, "The same in seconds, for one that follows what comes.", within(0, 3600)
    )
    projections_stop_seconds: float = _option(
        10.0,
        "How long projectors that are told to stop may go on with what they have begun.",
        within(0, 3600),
    )
    snapshot_every: int = _option(
        100, "Events of one stream between two snapshots. 0: none are taken.", within(0, 1_000_000)
    )
    destinations: Mapping[str, str] = ts.option(
        factory=dict,
        validator=each(DESTINATION, destination),
        help="Where messages for `<name>` go: a queue of SQS, a topic of SNS, a bus of "
        "EventBridge, the log, or memory. All are in the region of the tables.",
    )
    outbox_shards: int = _option(
        4,
        "How many partitions the index of pending messages is spread over. Never fewer than "
        "before.",
        within(1, 256),
    )
    outbox_keep_days: float = _option(
        7.0, "Days for which published messages are kept.", within(0.01, 3650)
    )
    inbox_keep_days: float = _option(
        30.0,
        "Days for which handled messages are remembered: longer than any can be delivered again.",
        within(0.01, 3650),
    )
    relay_while_serving: bool = _option(
        default=False, meaning="Whether `serve` publishes messages too, so that no relay is needed."
    )
    relay_lease_seconds: float = _option(
        30.0,
        "For how long a relay has an ordering key to itself. More than both timeouts and 2 "
        "seconds.",
        within(1, 3600),
    )
    relay_batch_size: int = _option(
        25, "Most messages of one ordering key that a relay publishes in one go.", within(1, 98)
    )
    relay_attempts: int = _option(
        # With the pauses below these take about an hour.
        30,
        "After so many attempts a message is dead-lettered.",
        within(1, 1000),
    )
    relay_backoff_seconds: float = _option(
        1.0, "Pause of an ordering key after its first failure; doubles with each.", within(0, 3600)
    )
    relay_backoff_cap_seconds: float = _option(
        300.0, "Longest pause of an ordering key.", within(0, 86_400)
    )
    relay_poll_interval_ms: int = _option(
        1000, "Milliseconds between two looks for pending messages.", within(1, 60_000)
    )
    relay_sweep_seconds: float = _option(
        30.0,
        "How often a relay that follows the stream looks for what that did not bring.",
        within(0.01, 86_400),
    )
    relay_stop_seconds: float = _option(
        10.0,
        "How long a relay that is told to stop may go on with what it has begun.",
        within(0, 3600),
    )
    blob_store: BlobStoreName | None = _optional(
        "Where blobs are kept, which are too large for an item. Empty: memory with the provider "
        "memory, else s3.",
        one_of(BlobStoreName),
    )
    blob_bucket: str | None = _optional(
        "Bucket of S3 for blobs. It must exist; best with versions, which make collecting exact.",
        bucket_name,
    )
    blob_folder: str | None = _optional("Folder for blobs where they are kept as files.")
    blob_encryption: BlobEncryption = _option(
        "AES256",
        "How S3 encrypts blobs. bucket: as the bucket says, with its own key if it has one.",
        one_of(BlobEncryption),
    )
    blob_cache_folder: str | None = _optional(
        "Local folder for copies of blobs that were read. Empty: there are none."
    )
    blob_cache_megabytes: int = _option(
        1000, "Most megabytes of such copies: the least recently read go.", within(1, 10_000_000)
    )
    offload_threshold_bytes: int = _option(
        # An item holds 400 KB, its keys and other attributes among them.
        300_000,
        "Bytes of a value as stored in an item. A larger one is stored as a blob.",
        within(0, 380_000),
    )
    create_tables: bool = _option(
        default=False, meaning="Whether `serve` first creates the missing tables."
    )
    allow_create_tables_in_production: bool = _option(
        default=False, meaning="Permits `create_tables` in production."
    )
    billing_mode: BillingMode = _option(
        "on_demand", "How new tables are billed.", one_of(BillingMode)
    )
    read_capacity: int = _option(
        5, "Read units of a new table or index that is provisioned.", within(1, 40_000)
    )
    write_capacity: int = _option(
        5, "Write units of a new table or index that is provisioned.", within(1, 40_000)
    )
    listing_shards: int = _option(
        1,
        "How many partitions each listing is spread over. Never fewer than before.",
        within(1, 256),
    )
    connect_timeout_seconds: float = _option(
        1.0, "Longest wait for a connection to the store.", within(0.01, 60)
    )
    read_timeout_seconds: float = _option(
        3.0, "Longest wait for an answer of the store.", within(0.01, 60)
    )
    max_pool_connections: int = _option(
        64, "Most connections to the store that are kept open.", within(1, 1000)
    )
    retry_attempts: int = _option(
        4, "How often one request is tried, the first time included.", within(1, 20)
    )
    retry_base_seconds: float = _option(
        0.025, "Backoff after the first failure; doubles with each.", within(0, 60)
    )
    throttling_base_seconds: float = _option(
        1.0, "The same after the first throttling.", within(0, 60)
    )
    retry_cap_seconds: float = _option(20.0, "Longest single backoff.", within(0, 300))
    call_deadline_seconds: float = _option(
        # Far below the ten minutes for which the service remembers a transaction's token.
        30.0,
        "After this long a request is not tried again.",
        within(0.01, 300),
    )
    retry_quota: int = _option(
        500,
        "What the retries of all requests share: each takes 14, 5 when throttled; successes refill "
        "it.",
        within(0, 1_000_000),
    )
    breaker_failures: int = _option(
        10,
        "Failures in a row after which a table, or a destination, is left alone.",
        within(1, 1000),
    )
    breaker_seconds: float = _option(
        5.0, "Seconds until one request tries it again.", within(0.01, 3600)
    )
    signing_key: str = _secret(
        SAMPLE_SIGNING_KEY,
        "Signs tokens and cursors: 32 bytes or more. Production needs one of its own.",
        bytes_at_least(_SHORTEST_SIGNING_KEY),
    )
    access_token_minutes: int = _option(
        10, "How long an access token is valid.", within(1, 24 * 60)
    )
    refresh_token_days: int = _option(
        30, "How long a session lives without being refreshed.", within(1, 365)
    )
    admin_email: str = _option("admin@example.com", "The administrator that `seed` creates.")
    admin_password: str = _secret(
        "", "Their password. Empty: a sample one; in production `seed` asks."
    )
    hashing_slots: int = _option(
        0,
        "How many passwords are hashed at once. 0: one fewer than the processors, and at least "
        "one.",
        within(0, 20),
    )
    hashing_wait_seconds: float = _option(
        2.0, "How long a request waits for its turn to hash a password.", within(0, 60)
    )
    failures_per_account_and_source: str = _option(
        "10 per 15 minutes",
        "Failed sign-ins at one account from one source, until none is looked at.",
        rate,
    )
    failures_per_source: str = _option(
        "100 per 15 minutes", "The same at any accounts from one source.", rate
    )
    failures_per_account: str = _option(
        "30 per minute",
        "The same at one account from anywhere, for sources that have failed there themselves.",
        rate,
    )
    log_level: LogLevel = _option("info", "The least severe that is logged.", one_of(LogLevel))
    metrics: MetricsName = _option(
        "off",
        "Where the Lambda function writes its metrics. emf: to standard output, for CloudWatch. "
        "off: to what OpenTelemetry is set up for, if anything.",
        one_of(MetricsName),
    )
    http_host: str = _option("127.0.0.1", "Address that `serve` listens on.")
    http_port: int = _option(8000, "Port that `serve` listens on.", within(1, 65_535))
    http_stop_seconds: int = _option(
        10, "How long requests may go on once `serve` is told to stop.", within(1, 3600)
    )
    http_trusted_proxies: str = _option(
        "127.0.0.1,::1",
        "Proxies whose X-Forwarded-For is believed. Empty: none.",
        networks,
    )

    def __attrs_post_init__(self) -> None:
        if self.is_production:
            self._refuse_what_is_unsafe()

    @property
    def is_production(self) -> bool:
        """Whether the data of real users is at stake."""
        return self.environment == "production"

    @property
    def uses_local_engine(self) -> bool:
        """Whether the endpoint is no address of AWS."""
        return self.endpoint_url is not None and is_local(self.endpoint_url)

    @property
    def has_blob_store(self) -> bool:
        """Whether blobs have a place: where none is named, only memory has one by itself."""
        named = self.blob_store is not None or self.blob_bucket is not None
        return named or self.provider == "memory"

    def destination(self, name: str) -> Destination:
        """Where messages for a logical name go."""
        return Destination.parse(self.destinations.get(name, DEFAULT_DESTINATION))

    def _refuse_what_is_unsafe(self) -> None:
        if self.provider == "memory":
            raise invalid(
                "provider", "memory forgets everything at exit: production needs dynamodb"
            )
        if self.signing_key == SAMPLE_SIGNING_KEY:
            raise invalid("signing_key", "production needs a key of its own, not the sample")
        if self.admin_password == SAMPLE_PASSWORD:
            raise invalid("admin_password", "production does not take the sample")
        if self.uses_local_engine:
            raise invalid("endpoint_url", "production takes no local and no http:// endpoint")
        if self.blob_store == "memory":
            raise invalid("blob_store", "memory loses blobs in production: choose file or s3")
        if self.create_tables and not self.allow_create_tables_in_production:
            raise invalid(
                "create_tables", "off in production unless allow_create_tables_in_production is on"
            )
        for name in self.destinations:
            found = self.destination(name)
            if found.kind == "sqs" and is_local(found.address):
                raise invalid(
                    option_of(name, DESTINATION), "production takes no local and no http:// queue"
                )


def load_settings(
    directory: Path = DIRECTORY,
    *,
    tables: Collection[str] = (),
    destinations: Collection[str] = (),
) -> Settings:
    """The settings of this process. Raises `SettingsError`.

    `DYNASTRATA_ENVIRONMENT` names the file. A missing file is no error but in production. Each
    logical name of a table or a destination has a setting of its own: `users_table`,
    `users_destination`.
    """
    options = {
        **{option_of(name, TABLE): _option("") for name in tables},
        **{option_of(name, DESTINATION): _option(DEFAULT_DESTINATION) for name in destinations},
    }
    named = make_class("NamedSettings", options, bases=(Settings,), frozen=True, kw_only=True)
    refuse_unknown_variables(a.name for a in fields(named) if a.name not in BY_NAME)
    environment = os.environ.get(variable("environment"), "development")
    one_of(Environment)(None, fields(Settings).environment, environment)
    file = directory / f"{environment}.toml"
    if environment == "production" and not file.is_file():
        raise SettingsError("environment", f"production needs the file {file}, which is not there")
    loaded: Settings = ts.load_settings(
        named,
        loaders=[
            ts.FileLoader({"*.toml": read_file}, [file]),
            ts.EnvLoader(PREFIX),
        ],
        processors=[parse],
    )
    same = {a.name: getattr(loaded, a.name) for a in fields(Settings) if a.name not in BY_NAME}
    return Settings(
        **same,
        tables={name: getattr(loaded, option_of(name, TABLE)) for name in tables},
        destinations={name: getattr(loaded, option_of(name, DESTINATION)) for name in destinations},
    )
