"""How tables are made, and how requests to the store are sent."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from infrastructure.settings.checks import one_of, within
from infrastructure.settings.options import option

BillingMode = Literal["on_demand", "provisioned"]
Transport = Literal["lean", "sdk"]


@frozen(kw_only=True, slots=False)
class StoreSettings:
    """How tables are made, and how requests to the store are sent."""

    create_tables: bool = option(
        default=False, meaning="Whether `serve` first creates the missing tables."
    )
    allow_create_tables_in_production: bool = option(
        default=False, meaning="Permits `create_tables` in staging and production."
    )
    billing_mode: BillingMode = option(
        "on_demand", "How new tables are billed.", one_of(BillingMode)
    )
    read_capacity: int = option(
        5, "Read units of a new table or index that is provisioned.", within(1, 40_000)
    )
    write_capacity: int = option(
        5, "Write units of a new table or index that is provisioned.", within(1, 40_000)
    )
    listing_shards: int = option(
        1,
        "How many partitions each listing is spread over. Never fewer than before.",
        within(1, 256),
    )
    transport: Transport = option(
        "lean",
        "How requests for data are made and read: by code of our own, or all by the SDK.",
        one_of(Transport),
    )
    connect_timeout_seconds: float = option(
        1.0, "Longest wait for a connection to the store.", within(0.01, 60)
    )
    read_timeout_seconds: float = option(
        3.0, "Longest wait for an answer of the store.", within(0.01, 60)
    )
    max_pool_connections: int = option(
        64, "Most connections to the store that are kept open.", within(1, 1000)
    )
    retry_attempts: int = option(
        4, "How often one request is tried, the first time included.", within(1, 20)
    )
    retry_base_seconds: float = option(
        0.025, "Backoff after the first failure; doubles with each.", within(0, 60)
    )
    throttling_base_seconds: float = option(
        1.0, "The same after the first throttling.", within(0, 60)
    )
    retry_cap_seconds: float = option(20.0, "Longest single backoff.", within(0, 300))
    call_deadline_seconds: float = option(
        # Far below the ten minutes for which the service remembers a transaction's token.
        30.0,
        "After this long a request is not tried again.",
        within(0.01, 300),
    )
    retry_quota: int = option(
        500,
        "What the retries of all requests share: each takes 14, 5 when throttled; successes refill "
        "it.",
        within(0, 1_000_000),
    )
    breaker_failures: int = option(
        10,
        "Failures in a row after which a table, or a destination, is left alone.",
        within(1, 1000),
    )
    breaker_seconds: float = option(
        5.0, "Seconds until one request tries it again.", within(0.01, 3600)
    )
