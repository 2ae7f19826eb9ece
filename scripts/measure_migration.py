"""What a migration costs: memory, rows a second and CPU a row, beside a plain batch writer.

    python -m scripts.measure_migration mysql://user@host:3306/database --rows 10000 100000

Fills a table in the source, and reads it into tables of MiniStack. Each figure is of a process of
its own, which also has the cost of its start.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import pymysql
from sqlalchemy import make_url

from api.cli.main import app
from infrastructure.engines import run_ministack

_REGION = "eu-central-1"
_COLUMNS = ("id", "email", "name", "balance", "note")
_CONTRACT = {
    "tables": [
        {
            "table": "Accounts",
            "type": "single-entity",
            "source_table": "measured_accounts",
            "pk": "id",
            "attributes": [
                {
                    "name": name,
                    "type": "N" if name in {"id", "balance"} else "S",
                    "source_column": name,
                }
                for name in _COLUMNS
            ],
        }
    ]
}


def main() -> None:
    """Prints a line of figures for each size and each way to write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    asked = parser.parse_args()
    with run_ministack() as engine, TemporaryDirectory() as scratch:
        for rows in asked.rows:
            _fill(asked.source, rows)
            for way in (_migrate, _dry_run, _batch_writer):
                told = _measured(way, asked.source, engine.endpoint_url, Path(scratch, f"{rows}"))
                _print(way.__name__.strip("_"), rows, told)


def _print(way: str, rows: int, told: Mapping[str, float]) -> None:
    print(
        f"{way:12} {rows:7} rows  {rows / told['seconds']:7.0f} rows/s  "
        f"{told['cpu'] / rows * 1e6:6.0f} us CPU/row  {told['peak_mib']:6.1f} MiB at most"
    )


def _fill(url: str, rows: int) -> None:
    with _connection(url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS measured_accounts")
        cursor.execute(
            "CREATE TABLE measured_accounts (id INT PRIMARY KEY, email VARCHAR(90), "
            "name VARCHAR(90), balance DECIMAL(20, 4), note VARCHAR(200))"
        )
        values = [(n, f"{n}@example.com", f"Zoë {n}", n / 8, "x" * 100) for n in range(rows)]
        cursor.executemany("INSERT INTO measured_accounts VALUES (%s, %s, %s, %s, %s)", values)
        connection.commit()


def _migrate(url: str, endpoint: str, folder: Path) -> None:
    _command(url, endpoint, folder, "--work", str(folder / "work"))


def _dry_run(url: str, endpoint: str, folder: Path) -> None:
    _command(url, endpoint, folder, "--dry-run")


def _command(url: str, endpoint: str, folder: Path, *more: str) -> None:
    contract = folder / "contract.json"
    contract.write_text(json.dumps(_CONTRACT))
    env = {
        "DYNASTRATA_PROVIDER": "dynamodb",
        "DYNASTRATA_ENDPOINT_URL": endpoint,
        "DYNASTRATA_REGION": _REGION,
        "DYNASTRATA_TABLE_PREFIX": f"{folder.name}-",
        "DYNASTRATA_MIGRATION_SOURCE": url,
    }
    os.environ.update(env)
    app(["migrate", "run", str(contract), "--workers", "1", *more], standalone_mode=False)


def _batch_writer(url: str, endpoint: str, folder: Path) -> None:
    """What a script of twenty lines does: every value a text or a number, nothing saved."""
    service = boto3.resource(
        "dynamodb",
        _REGION,
        endpoint_url=endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 a local engine ignores it
    )
    table = service.create_table(
        TableName=f"{folder.name}-plain",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    connection = _connection(url, pymysql.cursors.SSDictCursor)
    with connection, connection.cursor() as cursor, table.batch_writer() as batch:
        cursor.execute("SELECT * FROM measured_accounts ORDER BY id")
        for row in cursor:
            batch.put_item(Item=row)


def _connection(url: str, cursor: Any = pymysql.cursors.Cursor) -> Any:
    place = make_url(url)
    return pymysql.connect(
        host=place.host,
        port=place.port or 3306,
        user=place.username,
        password=place.password or "",
        database=place.database,
        unix_socket=place.query.get("unix_socket"),
        cursorclass=cursor,
    )


def _measured(way: Callable[..., None], url: str, endpoint: str, folder: Path) -> dict[str, float]:
    folder.mkdir(exist_ok=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(theirs, way, url, endpoint, folder))
    process.start()
    told: dict[str, float] = ours.recv()
    process.join()
    return told


def _measure(answer: Any, way: Callable[..., None], *arguments: Any) -> None:
    began, cpu = time.monotonic(), time.process_time()
    way(*arguments)
    answer.send(
        {
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - cpu,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )


if __name__ == "__main__":
    main()
