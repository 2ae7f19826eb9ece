"""The shards of a stream, and which comes after which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen


@frozen
class Shard:
    """One shard. `first` is the first sequence number in it, where it is told.

    The parent may be gone from the stream: shards go a day after they were closed.
    """

    id: str
    parent: str | None = None
    first: str | None = None
    is_closed: bool = False


class Lineage:
    """The shards that the stream lists now. A child may be listed later than its parent closes."""

    def __init__(self, shards: Iterable[Shard], *, is_enabled: bool = True) -> None:
        self._shards = {shard.id: shard for shard in shards}
        self._parents = {shard.parent for shard in self._shards.values()}
        self.is_enabled = is_enabled

    def __contains__(self, shard_id: str) -> bool:
        return shard_id in self._shards

    def __iter__(self) -> Iterator[Shard]:
        return iter(self._shards.values())

    def __getitem__(self, shard_id: str) -> Shard:
        return self._shards[shard_id]

    def has_children(self, shard_id: str) -> bool:
        """Whether a shard that is listed comes after this one, be it listed or not."""
        return shard_id in self._parents

    def goes_on(self, shard_id: str) -> bool:
        """Whether a shard may get more records, whatever else is said of it.

        Only what comes after it proves that it is closed, or that it is gone, or the stream is.
        """
        return self.is_enabled and shard_id in self and not self.has_children(shard_id)

    def leaves(self) -> list[Shard]:
        """The shards that none comes after."""
        return [shard for shard in self if not self.has_children(shard.id)]

    def ancestors(self, shard_ids: Iterable[str]) -> set[str]:
        """Everything before these shards, as far back as the list tells."""
        found: set[str] = set()
        for shard_id in shard_ids:
            parent = self._parent(shard_id)
            while parent is not None and parent not in found:
                found.add(parent)
                parent = self._parent(parent)
        return found

    def _parent(self, shard_id: str) -> str | None:
        shard = self._shards.get(shard_id)
        return None if shard is None else shard.parent
