"""What a check finds, and how checks are run."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from attrs import frozen

from application.errors import AccessDenied, StorageError, Throttled, Unreachable


class Level(StrEnum):
    """How bad it is. With a fault the service does not do what it promises."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@frozen
class Finding:
    """What was looked at, how it is, and what to do about it: a command, or a setting's name."""

    check: str
    level: Level
    found: str
    advice: str = ""


class Check(Protocol):
    """Looks at one thing and changes nothing. `name` is told where it cannot be looked at."""

    @property
    def name(self) -> str:
        """What it looks at."""
        ...

    def run(self) -> Iterator[Finding]:
        """What it finds. Raises a `StorageError` where nobody answers."""
        ...


@frozen
class Doctor:
    """Runs checks, one after the other."""

    checks: tuple[Check, ...] = ()

    def examine(self) -> Iterator[Finding]:
        """What all of them find. A check that is not answered is a fault, and the next one runs."""
        for check in self.checks:
            try:
                yield from check.run()
            except StorageError as error:
                yield Finding(check.name, Level.FAULT, str(error), _advice(error))


def _advice(error: StorageError) -> str:
    match error:
        case AccessDenied():
            return "give the AWS SDK credentials with the permissions in the guide to configuration"
        case Unreachable():
            return "start the engine, or correct DYNASTRATA_ENDPOINT_URL or DYNASTRATA_REGION"
        case Throttled():
            return "try again later"
        case _:
            return "see whether the store is one that answers the API of DynamoDB"
