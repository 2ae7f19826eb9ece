"""Numbers that are typed have bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from api.cli.main import app
from tests.commands import Cli

BEYOND = ("1" + "0" * 126, "-" + "1" + "0" * 126, "nan")


def numbers(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every option that takes a number, with its command."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from numbers(command, (*path, name))
            continue
        for option in command.params:
            if option.type_descriptor.annotation in (int, float):
                yield (*path, name), option


OPTIONS = list(numbers(get_command(app)))


def test_there_are_some() -> None:
    assert ("events", "read") in [path for path, _ in OPTIONS]


@pytest.mark.parametrize(
    ("path", "option"),
    [pytest.param(path, option, id=" ".join([*path, option.name])) for path, option in OPTIONS],
)
def test_a_number_beyond_what_it_counts_is_wrong_usage(
    path: tuple[str, ...], option: Any, command: Cli
) -> None:
    for number in BEYOND:
        result = command(*path, f"{option.opts[0]}={number}")
        assert (result.exit_code, "Traceback" in result.output) == (2, False), result.output
        assert option.opts[0] in result.output
