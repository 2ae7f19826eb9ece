"""Runs of `dynastrata migrate` over the warehouse, each with tables of its own."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from attrs import define, field
from typer.testing import Result

from infrastructure.dynamodb.items import Item
from tests.commands import run as run_command
from tests.migration.run.warehouse import RANGE_SIZE, ROWS
from tests.stores import REGION, client_of

CLAIMS = "migration-claims"


@define
class Move:
    """From one source into tables with a prefix of their own."""

    source: str
    contract: Path
    endpoint_url: str
    work: Path
    provider: str = "dynamodb"
    prefix: str = field(factory=lambda: f"test-{uuid4().hex}-")

    @property
    def env(self) -> dict[str, str]:
        return {
            "DYNASTRATA_PROVIDER": self.provider,
            "DYNASTRATA_ENDPOINT_URL": self.endpoint_url,
            "DYNASTRATA_REGION": REGION,
            "DYNASTRATA_TABLE_PREFIX": self.prefix,
            "DYNASTRATA_MIGRATION_SOURCE": self.source,
            "DYNASTRATA_READ_TIMEOUT_SECONDS": "60",
        }

    def arguments(self, *more: str) -> list[str]:
        return [
            *("migrate", "run", str(self.contract), "--work", str(self.work)),
            *("--range-size", str(RANGE_SIZE), "--json", *more),
        ]

    def run(self, *more: str) -> Result:
        """`migrate run`, by one worker unless it is said."""
        workers = () if "--workers" in more or "--engine" in more else ("--workers", "1")
        return self._command(*self.arguments(*workers, *more))

    def verify(self, *more: str) -> Result:
        return self._command("migrate", "verify", str(self.contract), "--workers", "1", *more)

    def items(self, table: str) -> list[Item]:
        """What a table holds, in the order of its items' texts."""
        pages = client_of(self.endpoint_url).get_paginator("scan")
        found = pages.paginate(TableName=self.prefix + table, ConsistentRead=True)
        return sorted((item for page in found for item in page["Items"]), key=repr)

    def rejects(self) -> list[dict[str, Any]]:
        lines = (self.work / "rejects.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def _command(self, *arguments: str) -> Result:
        result = run_command(*arguments, env=dict(self.env))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


def tables_of(result: Result) -> dict[str, Any]:
    """The tables of a report, by name."""
    return {each["table"]: each for each in json.loads(result.stdout)["tables"]}


def assert_same(one: Move, other: Move) -> None:
    """Both have the same items and the same claims."""
    for table in (*ROWS, CLAIMS):
        assert one.items(table) == other.items(table)


def items_in(folder: Path) -> list[Item]:
    """The items of the files of an import, binary values as bytes."""
    files = sorted(folder.glob("*.json.gz"))
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    return sorted((dict(_item(json.loads(line)["Item"])) for line in lines), key=repr)


def _item(item: Item) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        yield name, {"B": b64decode(value["B"])} if "B" in value else value
