"""What commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Literal

import orjson
import typer
from rich.console import Console
from rich.table import Table

_AS_WIDE_AS_IT_IS = 10**6  # characters: a row is a line, for whatever reads the pipe

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
"""The option that every command has which a script would read."""


def say(text: str) -> None:
    """A line of plain text."""
    typer.echo(text)


def tell(text: str) -> None:
    """A line for whoever waits: on standard error, where it is in no script's way."""
    typer.echo(text, err=True)


def say_json(content: object) -> None:
    """One JSON document, and nothing else on standard output."""
    typer.echo(json.dumps(content, indent=2))


def json_line(content: object) -> str:
    """A JSON document on one line: for what comes one after the other."""
    return orjson.dumps(content, default=str).decode()


def say_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    caption: str | None = None,
) -> None:
    """A table; the columns in `numbers` are aligned to the right."""
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        table.add_column(column, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    width = None if sys.stdout.isatty() else _AS_WIDE_AS_IT_IS
    Console(width=width, markup=False).print(table)


def busy(what: str) -> AbstractContextManager[object]:
    """Shows on a terminal that something takes its time, and nothing elsewhere."""
    return Console(stderr=True, markup=False).status(what)


def counted(number: int, what: str) -> str:
    """So many of something: `1 row`, `2 rows`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
