"""Secrets, signing in, what is told, and the HTTP API."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from infrastructure.settings.checks import bytes_at_least, networks, one_of, rate, within
from infrastructure.settings.options import option, secret

LogLevel = Literal["debug", "info", "warning", "error"]
MetricsName = Literal["off", "emf"]

# Both can be read here by everyone: they are for memory, and for an engine on this machine.
SAMPLE_SIGNING_KEY = "sample-signing-key-for-development-only"
SAMPLE_PASSWORD = "sample-password"  # noqa: S105 a sample, see above

_SHORTEST_SIGNING_KEY = 32  # bytes: what HS256 asks for, RFC 7518, section 3.2
_DIFFERENT_BYTES = 8  # fewer are no random key: 32 random hexadecimal digits have more


@frozen(kw_only=True, slots=False)
class ServiceSettings:
    """Secrets, signing in, what is told, and the HTTP API."""

    signing_key: str = secret(
        SAMPLE_SIGNING_KEY,
        "Signs tokens and cursors: 32 bytes or more. The sample is for memory and an engine on "
        "this machine.",
        bytes_at_least(_SHORTEST_SIGNING_KEY, _DIFFERENT_BYTES),
    )
    access_token_minutes: int = option(10, "How long an access token is valid.", within(1, 24 * 60))
    refresh_token_days: int = option(
        30, "How long a session lives without being refreshed.", within(1, 365)
    )
    admin_email: str = option("admin@example.com", "The administrator that `seed` creates.")
    admin_password: str = secret(
        "", "Their password. Empty: a sample one where the sample key is taken, else `seed` asks."
    )
    hashing_slots: int = option(
        0,
        "How many passwords are hashed at once. 0: one fewer than the processors, and at least "
        "one.",
        within(0, 20),
    )
    hashing_wait_seconds: float = option(
        2.0, "How long a request waits for its turn to hash a password.", within(0, 60)
    )
    failures_per_account_and_source: str = option(
        "10 per 15 minutes",
        "Failed sign-ins at one account from one source, until none is looked at.",
        rate,
    )
    failures_per_source: str = option(
        "100 per 15 minutes", "The same at any accounts from one source.", rate
    )
    failures_per_account: str = option(
        "30 per minute",
        "The same at one account from anywhere, for sources that have failed there themselves.",
        rate,
    )
    log_level: LogLevel = option("info", "The least severe that is logged.", one_of(LogLevel))
    metrics: MetricsName = option(
        "off",
        "Where the Lambda function writes its metrics. emf: to standard output, for CloudWatch. "
        "off: to what OpenTelemetry is set up for, if anything.",
        one_of(MetricsName),
    )
    http_host: str = option("127.0.0.1", "Address that `serve` listens on.")
    http_port: int = option(8000, "Port that `serve` listens on.", within(1, 65_535))
    http_workers: int = option(
        1,
        "Processes of `serve`. Each has connections, threads, hashing slots and a relay of its "
        "own. More than one on DynamoDB alone.",
        within(1, 64),
    )
    http_connections: int = option(
        1000,
        "Most connections to `serve` at once; fewer where the process may not open so many files.",
        within(1, 100_000),
    )
    http_request_seconds: float = option(
        20.0,
        "How long a request may take to come whole, head and body, and an answer to be read.",
        within(0.1, 3600),
    )
    http_idle_seconds: int = option(
        5, "How long a connection may be idle after an answer.", within(1, 3600)
    )
    http_threads: int = option(
        40,
        "How many requests work at once; the others wait. /health needs no thread.",
        # More than may be busy with hashing passwords: see `MAX_WAITING` of the hasher.
        within(40, 1000),
    )
    http_waiting: int = option(
        200, "How many requests wait for a thread; one more is answered 503.", within(0, 10_000)
    )
    http_wait_seconds: float = option(
        2.0, "How long a request waits for a thread, until that is its answer too.", within(0, 60)
    )
    http_stop_seconds: int = option(
        10, "How long requests may go on once `serve` is told to stop.", within(1, 3600)
    )
    http_docs: bool = option(
        default=False,
        meaning="Whether /docs and /openapi.json are open in staging and production too.",
    )
    http_trusted_proxies: str = option(
        "127.0.0.1,::1",
        "Proxies whose X-Forwarded-For is believed. Empty: none.",
        networks,
    )
