"""Repair: every key that is behind is settled, and what cannot be is told."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen

from infrastructure.dynamodb.items import key_text
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.journal_entry import Entry
from infrastructure.migration.phases.move import REFUSED, Move
from infrastructure.migration.phases.phase import Side


@frozen
class Unsettled:
    """A key that is behind still, and why."""

    table: str
    key: str
    behind: Side
    reason: str


@define
class RepairReport:
    """What became of the entries: `held` are those that a writer is at work on."""

    settled: int = 0
    held: int = 0
    left: list[Unsettled] = field(factory=list)


def repair(move: Move, on_page: Callable[[RepairReport], None] = lambda _: None) -> RepairReport:
    """Settles every entry of a table's journal that nobody holds, page by page.

    May run at any time, beside writers and beside another repair. `on_page` is told what was done
    so far. Raises `StorageError` where the journal itself cannot be read or written.
    """
    report = RepairReport()
    for page in move.journal.pages(move.table.name):
        for entry in page:
            _settle(move, entry, report)
        on_page(report)
    return report


def _settle(move: Move, entry: Entry, report: RepairReport) -> None:
    held = None
    if not entry.is_held:
        held = move.journal.try_hold(entry.table, entry.key, entry.behind)
    if held is None:
        report.held += 1
        return
    if not held.was_behind:
        move.remove(held)  # somebody has settled it since it was listed
        return
    try:
        move.settle(held)
    except REFUSED as error:
        key = key_text(held.key)
        report.left.append(Unsettled(held.table, key, held.behind, str(error)))
    else:
        report.settled += 1


@frozen
class Behind:
    """How many keys of a table lack something, by side: at rest, and while a writer is at work."""

    at_rest: dict[Side, int]
    held: dict[Side, int]


def count_behind(journal: Journal, table: str) -> Behind:
    """What the journal says of a table now. Reads the whole journal."""
    counts = Behind(dict.fromkeys(Side, 0), dict.fromkeys(Side, 0))
    for page in journal.pages(table):
        for entry in page:
            counted = counts.held if entry.is_held else counts.at_rest
            counted[entry.behind] += 1
    return counts
