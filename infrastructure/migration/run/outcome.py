"""How far a run is, and what became of it."""

from __future__ import annotations

from attrs import frozen

from infrastructure.migration.tasks import Pass


@frozen
class Progress:
    """How far one pass over a table is. Rows and seconds are those of the pass in this run."""

    table: str
    step: Pass
    ranges: int
    ranges_done: int
    ranges_of_this_run: int
    rows: int
    seconds: float


@frozen(kw_only=True)
class TableOutcome:
    """What became of a table: by all runs, but for `seconds` and the rate, which are of this."""

    table: str
    rows: int
    items: int
    rejected: int
    item_bytes: int
    write_units: float
    seconds: float
    rows_per_second: float
    ranges: int
    """Tasks of the table, each range once a pass."""
    resumed_from: int
    """Of these, done by earlier runs."""


@frozen
class Outcome:
    """What became of a migration. A stopped one goes on when it is run again."""

    tables: tuple[TableOutcome, ...]
    stopped: bool
