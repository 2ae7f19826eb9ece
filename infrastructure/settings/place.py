"""Where the service runs, and where everything is kept."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import typed_settings as ts
from attrs import frozen

from infrastructure.settings.checks import each, one_of, part_of_table_name, web_address
from infrastructure.settings.options import option, optional

Environment = Literal["development", "test", "staging", "production"]
DEPLOYED = ("staging", "production")
ProviderName = Literal["memory", "dynamodb"]

TABLE = "_table"
"""What the settings end with that name tables: `users_table`."""


@frozen(kw_only=True, slots=False)
class PlaceSettings:
    """Where the service runs, and where everything is kept."""

    environment: Environment = option(
        "development",
        "Chooses the settings file, and how strict the checks are. staging: as production, but a "
        "local engine may be used.",
        one_of(Environment),
    )
    provider: ProviderName = option(
        "memory", "Where everything is kept. memory: forgotten at exit.", one_of(ProviderName)
    )
    endpoint_url: str | None = optional(
        "Address of a local DynamoDB engine, and of its S3, SQS, SNS and EventBridge. Empty: AWS "
        "itself.",
        web_address,
    )
    region: str | None = optional("AWS region. Empty: the one that the AWS SDK finds.")
    table_prefix: str = option("", "Goes before the name of every table.", part_of_table_name)
    tables: Mapping[str, str] = ts.option(
        factory=dict,
        validator=each(TABLE, part_of_table_name),
        help="Whole name of the table `<name>`. Empty: the prefix and `<name>`.",
    )
