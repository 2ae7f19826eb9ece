"""What can be a key, or a part of one, wherever it is stored."""

from __future__ import annotations


def can_be_key(text: str, longest: int) -> bool:
    """Whether a text is printable and has from 1 to `longest` bytes in UTF-8."""
    return 0 < len(text.encode("utf-8", "surrogatepass")) <= longest and text.isprintable()
