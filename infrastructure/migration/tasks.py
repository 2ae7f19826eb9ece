"""The unit of work of a migration: a range of one source table's key, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from infrastructure.migration.rows import Reject

KeyValues = tuple[object, ...]
"""A primary key's values, in the order of its columns."""


class Pass(StrEnum):
    """What is done with the rows of a range.

    All claims of a table are taken before the first of its items is written: of rows with the same
    unique value the lowest key gets it, whatever the order in which ranges are done.
    """

    CLAIMS = "claims"
    ITEMS = "items"


@frozen
class Task:
    """The rows of one entity above one key, up to and with another. `None` is no bound."""

    table: str
    entity: str
    number: int
    after: KeyValues | None
    up_to: KeyValues | None
    step: Pass


@frozen
class Report:
    """What became of a task. `rows` is `items` and the rejects together, in the pass of items."""

    task: Task
    rows: int
    items: int = 0
    rejects: tuple[Reject, ...] = ()
    item_bytes: int = 0
    write_units: float = 0.0
    seconds: float = 0.0
    """How long a worker was at it."""
