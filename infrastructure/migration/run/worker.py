"""Doing a task: the rows of a range become claims, or items."""

from __future__ import annotations

import time

from attrs import evolve

from infrastructure.migration.claims.claim_pass import ClaimPass
from infrastructure.migration.run.expected_items import ExpectedItems, Tally
from infrastructure.migration.source.failures import source_failures
from infrastructure.migration.targets.target import Target
from infrastructure.migration.tasks import Pass, Report, Task


class Worker:
    """Does tasks, one at a time. A task that is done again gives the same."""

    def __init__(self, expected: ExpectedItems, claims: ClaimPass, target: Target) -> None:
        self._expected = expected
        self._claims = claims
        self._target = target

    def __call__(self, task: Task) -> Report:
        """What became of the rows of a task. Raises a `DynastrataError` where it cannot be done."""
        began = time.monotonic()
        with source_failures():
            report = self._claim(task) if task.step is Pass.CLAIMS else self._copy(task)
        return evolve(report, seconds=time.monotonic() - began)

    def _claim(self, task: Task) -> Report:
        tally = Tally(task)
        for converted in self._expected.converted(task, tally):
            tally.write_units += self._claims.take(task, converted)
        tally.rejects.clear()  # the next pass rejects the same rows
        return tally.report()

    def _copy(self, task: Task) -> Report:
        tally = Tally(task)
        with self._target.open(task) as write:
            for kept in self._expected.of(task, tally):
                items = [item for _, item in kept]
                tally.wrote(items, write(items))
        return tally.report()
