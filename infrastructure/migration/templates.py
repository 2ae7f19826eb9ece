"""Text with placeholders, `USER#{user_id}`: the one way in which a contract's are read.

A placeholder is a name in braces, of any characters but braces, `!` and `:`. There is no other
notation: no brace stands for itself, and no name has a format behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from attrs import frozen

from infrastructure.migration.unfit import Unfit, shown

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@frozen
class TemplateText:
    """The text between the names, and the names: `literals` has one more."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    def render(self, value_of: Callable[[str], str | None]) -> str | None:
        """The text with a value for each name; None where one of them has none."""
        text = self.literals[0]
        for name, literal in zip(self.names, self.literals[1:], strict=True):
            value = value_of(name)
            if value is None:
                return None
            text += value + literal
        return text

    def read(self, text: str) -> dict[str, str]:
        """The value of each name in a rendered text.

        Raises `Unfit` for other text, and where it can be read in two ways: `a#b#c` as `{x}#{y}`.
        """
        lazy, greedy = (self._matched(text, size) for size in ("*?", "*"))
        if lazy is None:
            raise Unfit(f"is not written as {self}: {shown(text)}")
        # The shortest and the longest first values are the ends of all readings.
        if lazy != greedy:
            raise Unfit(f"can be read in several ways as {self}: {shown(text)}")
        return lazy

    def __str__(self) -> str:
        named = (f"{{{name}}}{rest}" for name, rest in zip(self.names, self.literals[1:]))  # noqa: B905 the first literal stands alone
        return self.literals[0] + "".join(named)

    def _matched(self, text: str, size: str) -> dict[str, str] | None:
        pattern = re.escape(self.literals[0])
        groups: dict[str, str] = {}
        for name, literal in zip(self.names, self.literals[1:], strict=True):
            group = groups.setdefault(name, f"g{len(groups)}")
            seen = f"(?P<{group}>" in pattern
            pattern += f"(?P={group})" if seen else f"(?P<{group}>.{size})"
            pattern += re.escape(literal)
        found = re.fullmatch(pattern, text, re.DOTALL)
        return None if found is None else {name: found[group] for name, group in groups.items()}


@cache
def template(text: str) -> TemplateText:
    """The template that a text writes; one without placeholders is that text.

    Raises:
        ValueError: a brace is left open, or holds what is no name.
    """
    parts = tuple(_PLACEHOLDER.split(text))
    literals, names = parts[::2], parts[1::2]
    if any({"{", "}"} & set(literal) for literal in literals):
        raise ValueError(f"has a brace without its counterpart: {text!r}")
    if any(not name.strip() or {"!", ":"} & set(name) for name in names):
        raise ValueError(f"has a placeholder that is no name: {text!r}")
    return TemplateText(literals, names)


def placeholders(text: str) -> tuple[str, ...]:
    """The names in a template, each once, in their order. Raises `ValueError` as `template`."""
    return tuple(dict.fromkeys(template(text).names))


def position(name: str) -> int | None:
    """Which of its columns a name in a `string-format` means, counted from 0: `{0}`.

    None for the name of a column.
    """
    return int(name) if name.isascii() and name.isdecimal() else None


def column_meant(name: str, columns: Sequence[str]) -> str:
    """The column that a name in a `string-format` over these columns means."""
    place = position(name)
    return name if place is None else columns[place]
