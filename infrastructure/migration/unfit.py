"""Why a value cannot be stored as the contract says."""

from __future__ import annotations


class Unfit(ValueError):
    """A value does not fit. Its text is the reason: what follows the value's name in a sentence.

    It may quote the value, so it belongs into reject files, not into logs.
    """


class UnfitAttribute(Unfit):
    """An attribute of an item that cannot be stored, and the reason."""

    def __init__(self, attribute: str, reason: str) -> None:
        super().__init__(f"{attribute} {reason}")
        self.attribute = attribute
        self.reason = reason


def shown(value: object) -> str:
    """A value as reasons quote it: short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
