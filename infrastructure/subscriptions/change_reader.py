"""Reading the changes of a table, page by page, under a lease; the same for every provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from threading import Event
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from application.ports.subscriptions import Start
from domain.errors import DynastrataError
from infrastructure.subscriptions.leases import Checkpoint, SubscriptionLease

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Wait = Callable[[Event, float], object]
"""Waits until the event is set, or so many seconds have passed."""

# Part of a checkpoint. Stored: never change it.
_NOTE = "note:"

_LEASE_LOOKS = 10
"""How often, within the time of one lease, an instance that waits looks whether it is free."""


class ChangeKind(Enum):
    """What happened to an item. PRESENT: it was found in the table; when it came is not known."""

    INSERTED = "inserted"
    MODIFIED = "modified"
    REMOVED = "removed"
    PRESENT = "present"


@frozen
class TableChange(Generic[T_co]):
    """One change of one item: what the table held, decoded. None: nothing that counts."""

    kind: ChangeKind
    new: T_co | None = None
    old: T_co | None = None

    def decoded(self, decode: Callable[[T_co], U | None]) -> TableChange[U]:
        """The same with what `decode` makes of what the table held."""
        new = None if self.new is None else decode(self.new)
        old = None if self.old is None else decode(self.old)
        return TableChange(self.kind, new, old)


@frozen
class Turn(Generic[T_co]):
    """What one look gave. `is_idle`: looking again at once will hardly give more."""

    changes: Sequence[TableChange[T_co]] = ()
    is_idle: bool = False

    def decoded(self, decode: Callable[[T_co], U | None]) -> Turn[U]:
        """The same with what `decode` makes of what the table held."""
        return Turn([change.decoded(decode) for change in self.changes], self.is_idle)


class ChangeSource(Protocol[T_co]):
    """The changes of one table, and the position of one reader in them.

    At least once, and in the order in which each item changed. It never waits. For one thread.
    """

    def start_at(self, start: Start) -> None:
        """Fixes the position at NOW or the BEGINNING: every change committed from here on comes."""
        ...

    def resume(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint.

        Raises `ChangesTrimmed` where changes after it are known to be gone.
        """
        ...

    def poll(self) -> Turn[T_co]:
        """The next changes, if there are any. The ones before them are handled."""
        ...

    def checkpoint(self, handled: int) -> Checkpoint:
        """From where to go on when the first `handled` changes of the last turn are handled."""
        ...


class ChangeReader(Generic[T]):
    """One run of a subscription over a source, by whoever holds its lease.

    What is handled is stored as a checkpoint after every page, at least three times a lease, and
    when closed. Making one fixes its start, so NOW is now, whoever holds the lease. `notes` are
    what the last checkpoint's reader stored beside it, once there are pages.
    """

    def __init__(
        self,
        source: ChangeSource[T],
        lease: SubscriptionLease,
        start: Start,
        *,
        first: Start = Start.BEGINNING,
        poll_interval: float = 1.0,
        wait: Wait = Event.wait,
    ) -> None:
        """`first` is where CHECKPOINT begins as long as there is none."""
        self._source = source
        self._lease = lease
        self._poll_interval = poll_interval
        self._wait = wait
        self._first = first
        self._stopping = Event()
        self._handled = 0
        self.notes: Mapping[str, str] = {}
        self._has_begun = start is not Start.CHECKPOINT
        if self._has_begun:
            source.start_at(start)
        self._take_lease()

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    @property
    def is_standing_by(self) -> bool:
        """Whether another one has the lease, as far as this one knows."""
        return not self._lease.is_held

    def stop(self) -> None:
        """Ends `pages` at its next page. For any thread."""
        self._stopping.set()

    def pages(
        self,
        when_idle: Callable[[], object] = lambda: None,
        when_in_vain: Callable[[], object] = lambda: None,
    ) -> Iterator[Sequence[TableChange[T]]]:
        """Pages of changes, none of them empty, until stopped.

        Asking for a page says that the one before it is handled, and stores the checkpoint.
        `when_idle` is called where there is nothing new, before waiting for it; `when_in_vain`
        after each other look that gave nothing: while another one has the lease, and where there
        is more to read. Raises `LeaseLost`, and what reading raises.
        """
        while not self._lease.is_held and not self.is_stopping:
            if not self._take_lease():
                when_in_vain()
                self._wait(self._stopping, self._lease.seconds / _LEASE_LOOKS)
        while not self.is_stopping:
            turn = self._source.poll()
            self._handled = 0
            self.keep_lease()
            if turn.changes:
                yield turn.changes
                self._handled = len(turn.changes)
                if not self.is_stopping:  # otherwise closing stores it
                    self._store()
            elif turn.is_idle:
                when_idle()
                self._wait(self._stopping, self._poll_interval)
            else:
                when_in_vain()

    def handled(self, count: int, notes: Mapping[str, str]) -> None:
        """Says that the first `count` changes of the page are handled. Raises `LeaseLost`.

        `notes` replace those that are stored with the checkpoint.
        """
        self._handled, self.notes = count, notes
        self.keep_lease()

    def keep_lease(self) -> None:
        """Stores what is handled so far, where the lease needs it. Raises `LeaseLost`."""
        if self._lease.is_due:
            self._store()

    def close(self) -> None:
        """Stores the checkpoint and gives the lease back, if it is held. Raises `LeaseLost`."""
        self.stop()
        if self._lease.is_held:
            self._lease.release(self._checkpoint())

    def _take_lease(self) -> bool:
        if not self._lease.take():
            return False
        try:
            self._find_position()
        except BaseException:
            with suppress(DynastrataError):
                self._lease.release(None)
            raise
        return True

    def _find_position(self) -> None:
        stored = self._lease.checkpoint
        if stored is not None and not self._has_begun:
            self._source.resume(stored)
            self.notes = {
                name.removeprefix(_NOTE): note
                for name, note in stored.items()
                if name.startswith(_NOTE)
            }
            return
        if not self._has_begun:
            self._source.start_at(self._first)
        self._store()

    def _store(self) -> None:
        self._lease.store(self._checkpoint())

    def _checkpoint(self) -> Checkpoint:
        notes = {_NOTE + name: note for name, note in self.notes.items()}
        return {**self._source.checkpoint(self._handled), **notes}
