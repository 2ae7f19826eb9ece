"""Text with placeholders: `USER#{user_id}`."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, each once, in their order.

    Raises:
        ValueError: a brace is left open, or holds what is no name.
    """
    found = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
    if set(_PLACEHOLDER.sub("", text)) & {"{", "}"}:
        raise ValueError(f"has a brace without its counterpart: {text!r}")
    for name in found:
        if not name.strip() or set(name) & {"!", ":"}:
            raise ValueError(f"has a placeholder that is no name: {text!r}")
    return found
