"""How far the shards of a stream are read: what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping

from application.ports.subscriptions import ChangesTrimmed
from infrastructure.dynamodb.change_feed.lineage import Lineage
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition

_SHARD = "shard:"

_LONG_AGO = 0
"""The timestamp of a shard about whose age nothing is known."""


class Frontier:
    """A position for every shard that is being read, and for finished ones without a child.

    A shard that was said to end is read on for as long as it is listed.

    What comes before a shard that has a position is read to its end, and needs none itself: so a
    checkpoint holds about as many positions as the table has partitions.
    """

    def __init__(self, table: str, positions: Mapping[str, ShardPosition]) -> None:
        self._table = table
        self._positions = dict(positions)

    def __getitem__(self, shard_id: str) -> ShardPosition:
        return self._positions[shard_id]

    def __setitem__(self, shard_id: str, position: ShardPosition) -> None:
        self._positions[shard_id] = position

    def copy(self) -> Frontier:
        """One that changes on its own."""
        return Frontier(self._table, self._positions)

    def unfinished(self, lineage: Lineage) -> list[str]:
        """The shards to read."""
        return [shard_id for shard_id in self._positions if not self._is_read(shard_id, lineage)]

    def finished(self, lineage: Lineage) -> list[str]:
        """The shards at the end, whose children are not known yet."""
        return [shard_id for shard_id in self._positions if self._is_read(shard_id, lineage)]

    def oldest(self) -> ShardPosition:
        """The position that is furthest behind in time."""
        nothing = ShardPosition(Place.END, _LONG_AGO)
        return min(self._positions.values(), key=lambda p: p.timestamp, default=nothing)

    def awaits_children(self, lineage: Lineage) -> bool:
        """Whether a shard is finished and what comes after it is not listed yet."""
        return any(not lineage.has_children(shard_id) for shard_id in self.finished(lineage))

    def follow(self, lineage: Lineage) -> None:
        """Takes in the shards whose parents are finished; forgets what needs no position.

        Raises `ChangesTrimmed` if the stream dropped a shard before it was read to its end.
        """
        self._check_nothing_dropped(lineage)
        done = lineage.ancestors(self._positions)
        finished = {id_: self[id_].timestamp for id_ in self.finished(lineage)}
        for shard in lineage:
            if shard.id in self._positions or shard.id in done:
                continue
            if shard.parent is None or shard.parent in finished or shard.parent in done:
                # From its first record, however late it is found.
                timestamp = finished.get(shard.parent or "", _LONG_AGO)
                self[shard.id] = ShardPosition(Place.START, timestamp)
            elif shard.parent not in lineage:
                raise ChangesTrimmed(self._table, shard.id, self.oldest().time)
        self._forget(lineage)

    def entries(self) -> dict[str, str]:
        """As a part of a checkpoint: `shard:<shard id>` and the position's stored form."""
        return {_SHARD + shard_id: str(position) for shard_id, position in self._positions.items()}

    @classmethod
    def of_entries(cls, table: str, entries: Mapping[str, str]) -> Frontier:
        """The frontier in a checkpoint."""
        positions = {
            name.removeprefix(_SHARD): ShardPosition.parse(text)
            for name, text in entries.items()
            if name.startswith(_SHARD)
        }
        return cls(table, positions)

    def _is_read(self, shard_id: str, lineage: Lineage) -> bool:
        position = self[shard_id]
        is_read_on = bool(position.sequence) and shard_id in lineage
        return position.place is Place.END and not is_read_on

    def _check_nothing_dropped(self, lineage: Lineage) -> None:
        for shard_id in self.unfinished(lineage):
            if shard_id not in lineage:
                raise ChangesTrimmed(self._table, shard_id, self[shard_id].time)

    def _forget(self, lineage: Lineage) -> None:
        done = lineage.ancestors(self._positions)
        for shard_id in self.finished(lineage):
            is_gone = shard_id not in lineage and not lineage.has_children(shard_id)
            if shard_id in done or (is_gone and len(self._positions) > 1):
                del self._positions[shard_id]
