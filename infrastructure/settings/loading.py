"""Strict parts for typed-settings: no unknown name and no wrong type passes.

Its own errors are not used, because they quote the value, which may be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from math import isfinite
from pathlib import Path

from typed_settings.converters import to_bool
from typed_settings.exceptions import ConfigFileLoadError
from typed_settings.loaders import TomlFormat
from typed_settings.types import OptionList, SettingsClass, SettingsDict

from infrastructure.settings.checks import PREFIX, SettingsError, invalid, variable

_SECTION = "dynastrata"

BY_NAME = ("tables", "destinations")
"""What the settings hold by logical name: loaded as one setting a name."""


def read_file(path: Path, settings_cls: SettingsClass, options: OptionList) -> SettingsDict:
    """The keys of a TOML file, from its section `[dynastrata]` or its top level."""
    try:
        content = TomlFormat(None)(path, settings_cls, options)
    except (ConfigFileLoadError, UnicodeDecodeError) as error:
        raise SettingsError(_short(path), "cannot be read as TOML") from error
    keys = content.get(_SECTION, content)
    if not isinstance(keys, dict):
        raise SettingsError(_short(path), f"[{_SECTION}] must be a section")
    known = [option.path for option in options if option.path not in BY_NAME]
    for key in keys:
        if key not in known:
            raise SettingsError(f"{key} in {_short(path)}", "unknown key" + _nearest(key, known))
    if "environment" in keys:
        raise SettingsError(
            f"environment in {_short(path)}", f"is chosen by {variable('environment')} alone"
        )
    return keys


def refuse_unknown_variables(names: Iterable[str]) -> None:
    """Raises `SettingsError` for a variable with our prefix that belongs to no setting."""
    # Compared without the prefix, which would make every name look like every other.
    known = [variable(name).removeprefix(PREFIX) for name in names]
    for found in os.environ:
        name = found.removeprefix(PREFIX)
        if found.startswith(PREFIX) and name not in known:
            raise SettingsError(found, "unknown variable" + _nearest(name, known, PREFIX))


def parse(
    settings_dict: SettingsDict, settings_cls: SettingsClass, options: OptionList
) -> SettingsDict:
    """Turns texts into the types of the settings, and checks everything by making them once."""
    parsed = {
        option.path: _parsed(option.path, option.cls, settings_dict)
        for option in options
        if option.path not in BY_NAME
    }
    settings_cls(**parsed)
    return parsed


def _parsed(name: str, type_: object, values: SettingsDict) -> object:
    value = values[name]
    try:
        return value if value is None else _PARSERS.get(type_, _text)(value)
    except ValueError as error:
        raise invalid(name, str(error)) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 the caller handles one kind of error
    return value


def _switch(value: object) -> bool:
    try:
        return to_bool(value)
    except (ValueError, TypeError) as error:
        raise ValueError("must be true or false") from error


def _whole_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(_text(value))
    except ValueError as error:
        raise ValueError("must be a whole number") from error


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        number = float(_text(value))
    except ValueError as error:
        raise ValueError("must be a number") from error
    if not isfinite(number):
        raise ValueError("must be a number")
    return number


_PARSERS: dict[object, Callable[[object], object]] = {
    bool: _switch,
    int: _whole_number,
    float: _number,
}


def _nearest(name: str, known: list[str], prefix: str = "") -> str:
    matches = get_close_matches(name, known, n=1)
    return f"; did you mean {prefix}{matches[0]}?" if matches else ""


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
