"""Writes the tables of `docs/guides/configuration.md` from the class `Settings` and the TOML files.

    .venv/bin/python -m scripts.write_configuration_reference
    .venv/bin/python -m scripts.write_configuration_reference --check

With `--check` it writes nothing, and ends with 1 where the guide is not up to date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from attrs import Attribute, fields, frozen
from typed_settings.constants import METADATA_KEY

from infrastructure.contexts.registered import REGISTERED
from infrastructure.settings.checks import SettingsError, option_of, variable
from infrastructure.settings.settings import (
    DEFAULT_DESTINATION,
    DESTINATION,
    DIRECTORY,
    TABLE,
    Settings,
)

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guides" / "configuration.md"
ENVIRONMENTS = ("development", "test", "staging", "production")


@frozen
class Named:
    """Settings of one kind, one for each logical name."""

    suffix: str
    default: str
    names: Sequence[str]


BY_NAME: Mapping[str, Named] = {
    "tables": Named(TABLE, "", REGISTERED.tables),
    "destinations": Named(
        DESTINATION, DEFAULT_DESTINATION, sorted(REGISTERED.integration_events.destinations)
    ),
}
"""By the field of `Settings` that holds them."""

_REFUSED_BY_EVERY_CHECK = "?"
_RULE = re.compile("^(must be|must have|may hold) ")
_TYPES: dict[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
}


def reference() -> str:
    """Every setting: its variable, default, what it may be, and what it is for."""
    hints = get_type_hints(Settings)
    rows = [row for a in fields(Settings) for row in _rows(a, hints[a.name])]
    return _table(("variable", "default", "may be", "meaning"), rows)


def files() -> str:
    """What the settings file of each environment sets."""
    contents = {
        name: tomllib.loads((DIRECTORY / f"{name}.toml").read_text())["dynastrata"]
        for name in ENVIRONMENTS
    }
    settings = [name for a in fields(Settings) for name in _names(a)]
    keys = [name for name in settings if any(name in c for c in contents.values())]
    rows = [(f"`{key}`", *(_code(contents[e].get(key)) for e in ENVIRONMENTS)) for key in keys]
    return _table(("key", *ENVIRONMENTS), rows)


def updated(guide: str) -> str:
    """The guide with both tables as they should be."""
    for name, table in (("reference", reference()), ("files", files())):
        place = re.compile(rf"(?s)(<!-- generated: {name} -->\n).*?(<!-- end -->)")
        guide, places = place.subn(lambda m, t=table: f"{m[1]}\n{t}\n{m[2]}", guide)  # type: ignore[misc]
        if places != 1:
            raise ValueError(f"{GUIDE.name} has {places} places for the table {name!r}, not 1")
    return guide


def _names(attribute: Attribute[Any]) -> list[str]:
    named = BY_NAME.get(attribute.name)
    return (
        [attribute.name]
        if named is None
        else [option_of(name, named.suffix) for name in named.names]
    )


def _rows(attribute: Attribute[Any], hint: object) -> Iterator[Sequence[str]]:
    """A row for each setting that a field holds."""
    named = BY_NAME.get(attribute.name)
    if named is None:
        refused = _REFUSED_BY_EVERY_CHECK
        what = (_default(attribute), _allowed(attribute, hint, refused), _meaning(attribute))
        yield (f"`{variable(attribute.name)}`", *what)
        return
    for name, setting in zip(named.names, _names(attribute), strict=True):
        allowed = _allowed(attribute, hint, {name: _REFUSED_BY_EVERY_CHECK})
        meaning = _meaning(attribute).replace("<name>", name)
        yield (f"`{variable(setting)}`", _code(named.default), allowed, meaning)


def _default(attribute: Attribute[Any]) -> str:
    is_secret = attribute.repr is not True
    return "a sample" if is_secret and attribute.default else _code(attribute.default)


def _allowed(attribute: Attribute[Any], hint: object, refused_value: object) -> str:
    """In the words of the setting's own check, which is asked for them by a value it refuses."""
    kind = next((_TYPES[a] for a in (hint, *get_args(hint)) if a in _TYPES), "")
    if attribute.validator is None:
        return kind
    try:
        attribute.validator(None, attribute, refused_value)
    except SettingsError as refused:
        return _RULE.sub("", refused.reason.replace("must be a number", kind))
    raise ValueError(f"{attribute.name}: its check takes {refused_value!r}")


def _meaning(attribute: Attribute[Any]) -> str:
    return str(attribute.metadata[METADATA_KEY]["help"])


def _code(value: object) -> str:
    if value is None or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Writes or checks the guide; the exit code."""
    present = GUIDE.read_text()
    wanted = updated(present)
    if "--check" not in arguments:
        GUIDE.write_text(wanted)
    elif present != wanted:
        print(
            f"{GUIDE.name} is not up to date: run python -m scripts.write_configuration_reference"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
