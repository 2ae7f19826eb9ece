"""What can be wrong with a contract, and the error that tells all of it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from attrs import frozen
from typing_extensions import override

from domain.errors import DynastrataError


@frozen
class Problem:
    """What is wrong at one place of the contract. With a warning the contract still runs."""

    path: str
    cause: str
    is_warning: bool = False

    @override
    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


@frozen
class InvalidContract(DynastrataError):
    """A contract cannot run. `problems` are all that were found, each as `path: cause`."""

    problems: tuple[str, ...]

    @override
    def __str__(self) -> str:
        return "\n".join(self.problems)


@frozen
class SourceUnavailable(DynastrataError):
    """The source does not answer, or lets us not read. `source` is its URL without the password."""

    source: str
    reason: str

    @override
    def __str__(self) -> str:
        return f"the source {self.source} cannot be read: {self.reason}"


@frozen
class ExtraMissing(DynastrataError):
    """A package is not installed that only migrations need."""

    package: str

    @override
    def __str__(self) -> str:
        return (
            f"migrations need {self.package}, which is not installed: "
            "pip install 'dynastrata[migration]'"
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a cause: which known name was perhaps meant, or nothing."""
    by_lower = {each.lower(): each for each in known}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[matches[0]]}?" if matches else ""


def errors_of(problems: Iterable[Problem]) -> tuple[str, ...]:
    """The problems with which the contract cannot run, as texts."""
    return tuple(str(each) for each in problems if not each.is_warning)
