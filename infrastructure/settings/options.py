"""How settings are declared: a default, what it is for, and what it may be."""

from __future__ import annotations

from typing import Any, TypeVar

import typed_settings as ts
from attrs import validators

from infrastructure.settings.checks import SettingCheck

T = TypeVar("T")


def option(default: T, meaning: str = "", check: SettingCheck | None = None) -> T:
    """A setting with a default."""
    return ts.option(default=default, validator=check, help=meaning)


def secret(default: str, meaning: str, check: SettingCheck | None = None) -> str:
    """A setting that is never shown."""
    return ts.secret(default=default, validator=check, help=meaning)


def optional(meaning: str, check: SettingCheck | None = None) -> Any:
    """A setting without a default, checked only where it is set."""
    return ts.option(
        default=None,
        # An empty variable is how a compose file or a shell says "not set".
        converter=lambda value: value or None,
        validator=None if check is None else validators.optional(check),
        help=meaning,
    )
