"""Templates with `{names}`: rendered, and read back where only one reading is possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from attrs import frozen

from infrastructure.migration.conversion.unfit import Unfit, shown

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@frozen
class TemplateText:
    """The text between the names, and the names: `literals` has one more."""

    literals: Sequence[str]
    names: Sequence[str]

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
    """The template that a text writes."""
    parts = _PLACEHOLDER.split(text)
    return TemplateText(tuple(parts[::2]), tuple(parts[1::2]))
