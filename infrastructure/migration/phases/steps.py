"""A step from one phase to the next: begun, waited for, settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from attrs import frozen
from typing_extensions import override

from domain.errors import Conflict
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.phase import Side, Switch
from infrastructure.migration.phases.repair import count_behind
from infrastructure.migration.phases.switch import MAX_AGE, SwitchTable

Direction = Literal["forward", "back"]

_LOOKS = 10


@frozen
class StillBehind(Conflict):
    """A side that is to lead lacks writes."""

    table: str
    side: Side
    keys: int

    @override
    def __str__(self) -> str:
        return (
            f"{self.keys} keys of {self.table} are behind on the {self.side}, which is to lead: "
            "run `migrate repair`, then the same command again"
        )


@frozen(kw_only=True)
class Steps:
    """Moves the switches of tables."""

    switches: SwitchTable
    journal: Journal
    sleep: Callable[[float], None]
    max_age: float = MAX_AGE

    @property
    def seconds(self) -> float:
        """How long a step takes at least: until no process acts by the phase before."""
        return self.max_age + self.journal.lease.total_seconds()

    def take(self, table: str, direction: Direction) -> Switch:
        """Takes one step and waits until it is settled.

        Of a step that is under way in this direction only the rest is done. Raises `NoSuchStep`,
        `SwitchMoved`, and `StillBehind` before the step or, where the step stays under way, at its
        end.
        """
        seen = self.switches.read(table)
        if not _is_under_way(seen, direction):
            seen = self._begin(table, seen, direction)
        self.sleep(self.seconds)
        if seen.changes_leader:
            self._wait_for_writers(table, seen.phase.leader)
            self._check(table, seen.phase.leader)
        return self.switches.settle(table, seen)

    def _begin(self, table: str, seen: Switch, direction: Direction) -> Switch:
        phase = seen.phase
        to = seen.check_step(table, phase.following if direction == "forward" else phase.preceding)
        if seen.previous is None and to.leader is not phase.leader:
            self._check(table, to.leader)
        return self.switches.begin(table, seen, to)

    def _check(self, table: str, leader: Side) -> None:
        """Raises `StillBehind`."""
        keys = count_behind(self.journal, table).at_rest[leader]
        if keys:
            raise StillBehind(table, leader, keys)

    def _wait_for_writers(self, table: str, leader: Side) -> None:
        """Until nobody holds a key whose entry says that the leader is behind.

        Whoever writes by the new phase turns the entry first, and is soon done with that.
        """
        for _ in range(_LOOKS):
            if not count_behind(self.journal, table).held[leader]:
                return
            self.sleep(self.journal.lease.total_seconds() / _LOOKS)
        raise StillBehind(table, leader, count_behind(self.journal, table).held[leader])


def _is_under_way(seen: Switch, direction: Direction) -> bool:
    if seen.previous is None:
        return False
    towards = seen.previous.following if direction == "forward" else seen.previous.preceding
    return towards is seen.phase
