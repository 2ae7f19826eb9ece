"""What an attack found."""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

UNANSWERED = "unanswered"
"""How a request is counted that got no answer."""


@frozen
class Finding:
    """What is wrong, and how to see it again."""

    what: str
    reproduce: str = ""


@define
class Report:
    """What one part sent, how it was answered, and what it found.

    `answers` counts by the class of the status, such as `2xx`.
    """

    part: str
    answers: Counter[str] = field(factory=Counter)
    findings: list[Finding] = field(factory=list)

    def count(self, status: int | None) -> None:
        """Counts an answer; None is a request that got none."""
        self.answers[UNANSWERED if status is None else f"{status // 100}xx"] += 1

    def find(self, what: str, reproduce: str = "") -> None:
        """Adds a finding, unless it is there."""
        if all(found.what != what for found in self.findings):
            self.findings.append(Finding(what, reproduce))

    def expect(self, is_so: object, what: str, reproduce: str = "") -> None:
        """Adds a finding where it is not so."""
        if not is_so:
            self.find(what, reproduce)

    def lines(self) -> list[str]:
        """One line with the figures, then the findings."""
        answers = ", ".join(f"{count} {kind}" for kind, count in sorted(self.answers.items()))
        sent, found = sum(self.answers.values()), len(self.findings) or "nothing"
        told = [f"{self.part}: {sent} requests ({answers}), found {found}"]
        for finding in self.findings:
            first, *more = finding.what.splitlines()
            told += [f"  FOUND: {first}", *_indented(*more, *finding.reproduce.splitlines())]
        return told


def _indented(*lines: str) -> list[str]:
    return [f"    {line}" for line in lines if line]
