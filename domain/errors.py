"""Errors that the rules themselves raise; every one carries what it knows as typed fields."""

from __future__ import annotations

from attrs import frozen


@frozen
class DynastrataError(Exception):
    """Base of everything this code base raises on purpose. `str()` derives from the fields."""


@frozen
class InvalidValue(DynastrataError):
    """A value from outside breaks a rule of its type. `field` names it as the caller does."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@frozen
class NotFound(DynastrataError):
    """No aggregate of this type has this id."""

    aggregate_type: str
    aggregate_id: str

    def __str__(self) -> str:
        return f"{self.aggregate_type} {self.aggregate_id} does not exist"


@frozen
class Conflict(DynastrataError):
    """The commit was refused because of what another commit wrote. Nothing was written."""


@frozen
class ConcurrencyConflict(Conflict):
    """Someone else committed this aggregate first.

    `expected` is the version the change was decided on (0: it should not exist yet),
    `actual` the version found (None: it does not exist).
    """

    aggregate_type: str
    aggregate_id: str
    expected: int
    actual: int | None

    def __str__(self) -> str:
        found = "gone" if self.actual is None else f"at version {self.actual}"
        return (
            f"{self.aggregate_type} {self.aggregate_id} is {found}, "
            f"the change was decided on version {self.expected}"
        )


@frozen
class RuleViolation(DynastrataError):
    """The aggregate's present state does not allow what was asked."""
