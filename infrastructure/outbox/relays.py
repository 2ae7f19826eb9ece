"""The ways to run a relay: polling the pending index, tailing the table's stream, or in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog
from attrs import define, field, frozen

from application.batched import batched
from application.errors import StorageError
from application.ports.clock import Clock
from application.ports.leases import LeaseLost
from application.ports.outbox import (
    MessageKey,
    MessageNotFound,
    Outbox,
    StoredMessage,
    UnreadableMessage,
)
from application.ports.relay_queue import PendingKey, RelayQueue
from application.ports.subscriptions import ChangesTrimmed, Start
from application.relay import Relay, RelayReport
from infrastructure.subscriptions.change_reader import ChangeReader, TableChange, Wait
from infrastructure.system.work import Rounds

RELAY = "relay"
"""The name under which the stream of the outbox is followed. Stored: never change it."""

_PASS = timedelta(seconds=10)
"""How long one pass over the pending index may take, before the index is asked anew."""

_SLICE = 50
"""Changes that are worked at before the stream's lease may be renewed."""

OnReport = Callable[[RelayReport], object]
"""Is told what came of each piece of work."""

MessageChange = TableChange[StoredMessage]
"""A change of the outbox table. The head of a key, and what cannot be read, is no message."""

logger = structlog.get_logger(__name__)


@define(kw_only=True)
class PollingRelay:
    """Asks the pending index for work, every `interval` seconds while there is none."""

    relay: Relay
    queue: RelayQueue
    interval: float = 1.0
    wait: Wait = Event.wait
    on_report: OnReport = lambda _: None
    _stopping: Event = field(factory=Event, init=False)
    _rounds: Rounds = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rounds = Rounds(self.relay.clock)

    @property
    def is_late(self) -> bool:
        """Whether no round has succeeded for two minutes. For any thread."""
        return self._rounds.is_late

    def run_once(self, should_stop: Callable[[], bool] | None = None) -> RelayReport:
        """Publishes what is pending now. Raises a `StorageError`."""
        report = self.relay.work(self.queue.pending(), should_stop or self._stopping.is_set)
        if report.published or not report.lost:
            self._rounds.succeeded()
        log(report)
        self.on_report(report)
        return report

    def run(self) -> None:
        """Publishes until stopped. Whatever a round raises is told, and the next one tried."""
        while not self._stopping.is_set():
            if not self._publishes():
                self.wait(self._stopping, self.interval)

    def stop(self) -> None:
        """Ends `run` once what is begun is ended. For any thread."""
        self._stopping.set()

    def _publishes(self) -> bool:
        ends = self.relay.clock.now() + _PASS

        def should_stop() -> bool:
            # A key that always has new messages must not keep those from being looked for that
            # the other keys have.
            return self._stopping.is_set() or self.relay.clock.now() >= ends

        try:
            return self.run_once(should_stop).published > 0
        except Exception as error:  # noqa: BLE001 told, and the relay goes on
            log_failure(error)
        return False


@define(kw_only=True)
class StreamRelay:
    """Publishes what the stream of the outbox tells, as it comes: one instance at a time follows.

    The pending index is swept when it begins, and every `sweep` seconds: that finds what the stream
    no longer has, and what failed before somebody else took over. What failed or was busy, however
    it was found, is tried again meanwhile.
    """

    open_reader: Callable[[Start], ChangeReader[StoredMessage]]
    relay: Relay
    queue: RelayQueue
    clock: Clock
    sweep: timedelta = timedelta(seconds=30)
    interval: float = 1.0
    wait: Wait = Event.wait
    on_report: OnReport = lambda _: None
    _stopping: Event = field(factory=Event, init=False)
    _reader: ChangeReader[StoredMessage] | None = field(default=None, init=False)
    _later: dict[str, PendingKey] = field(factory=dict, init=False)
    _swept: datetime | None = field(default=None, init=False)
    _start: Start = field(default=Start.CHECKPOINT, init=False)
    _rounds: Rounds = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rounds = Rounds(self.clock)

    @property
    def is_late(self) -> bool:
        """Whether nothing has succeeded for two minutes, nor a look while it stands by.

        For any thread.
        """
        return self._rounds.is_late

    def run(self) -> None:
        """Publishes until stopped. Whatever is raised is told, and the stream followed anew."""
        while not self._stopping.is_set():
            try:
                self._follow()
            except LeaseLost as lost:
                logger.warning("another relay follows the stream now", reason=str(lost))
            except ChangesTrimmed as trimmed:
                # What is gone from the stream is in the index.
                logger.warning("relay begins anew", reason=str(trimmed))
                self._start = Start.NOW
            except Exception as error:  # noqa: BLE001 told, and the relay goes on
                log_failure(error)
                self.wait(self._stopping, self.interval)

    def stop(self) -> None:
        """Ends `run` once what is begun is ended. For any thread."""
        self._stopping.set()
        if self._reader is not None:
            self._reader.stop()

    def _follow(self) -> None:
        with closing(self.open_reader(self._start)) as reader:
            self._start = Start.CHECKPOINT
            self._reader = reader
            if self._stopping.is_set():
                return
            self._swept = None
            for changes in reader.pages(self._when_idle, self._when_in_vain):
                handled = 0
                for part in batched(changes, _SLICE):
                    found = by_key(became_pending(part))
                    self._work([*found.values(), *self._later.values()])
                    handled += len(part)
                    reader.handled(handled, {})
                    self._rounds.succeeded()
                self._sweep_if_due()

    def _when_idle(self) -> None:
        self._sweep_if_due()
        if self._later:
            self._work(list(self._later.values()))
        self._rounds.succeeded()

    def _when_in_vain(self) -> None:
        # Reading tells nothing of publishing: where it follows, the first sweep shows that it can.
        is_standing_by = self._reader is not None and self._reader.is_standing_by
        if is_standing_by or self._swept is not None:
            self._rounds.succeeded()

    def _sweep_if_due(self) -> None:
        now = self.clock.now()
        if self._swept is None or abs(now - self._swept) >= self.sweep:
            self._swept = now
            self._work(self.queue.pending())

    def _work(self, pending: Iterable[PendingKey]) -> None:
        """Works at these keys; those that are not finished then are tried again."""
        report = self.relay.work(self._noted(pending), self._stopping.is_set)
        for key in report.finished:
            self._later.pop(key, None)
        log(report)
        self.on_report(report)

    def _noted(self, pending: Iterable[PendingKey]) -> Iterator[PendingKey]:
        """The same keys, each with all that was seen of it, and from now on among those left."""
        for each in pending:
            key = each.ordering_key
            seen = self._later[key].message_ids if key in self._later else frozenset()
            self._later[key] = PendingKey(key, seen | each.message_ids)
            yield self._later[key]


@frozen(kw_only=True)
class BatchRelay:
    """Publishes what a batch of changes tells, for whoever is called with such batches.

    `changes_of` reads a batch: each change under the identifier by which whoever delivered it wants
    to hear of a failure.
    """

    changes_of: Callable[[Iterable[Any]], Mapping[str, MessageChange]]
    relay: Relay
    outbox: Outbox

    def handle(
        self, records: Iterable[Any], should_stop: Callable[[], bool] = lambda: False
    ) -> list[str]:
        """The identifiers of the records whose messages are pending still: deliver them again.

        A key stops at its first failure, others go on. Raises a `StorageError` where the store
        fails: deliver the whole batch again.
        """
        pending = [
            (id_, key)
            for id_, change in self.changes_of(records).items()
            for key in became_pending([change])
        ]
        hints = by_key(key for _, key in pending)
        report = self.relay.work(list(hints.values()), should_stop)
        log(report)
        return [
            id_
            for id_, key in pending
            if key.ordering_key not in report.finished and self._is_pending(key)
        ]

    def _is_pending(self, key: MessageKey) -> bool:
        try:
            return self.outbox.get(key).value.is_pending
        except (MessageNotFound, UnreadableMessage):
            return False  # to deliver it again would not help


def became_pending(changes: Iterable[MessageChange]) -> Iterator[MessageKey]:
    """The messages that are pending after these changes and were not before.

    So those just added and dead letters sent again, not those whose attempts were counted.
    """
    for change in changes:
        new, old = change.new, change.old
        if new is not None and new.is_pending and (old is None or not old.is_pending):
            yield new.key


def by_key(messages: Iterable[MessageKey]) -> dict[str, PendingKey]:
    """The ordering keys of these messages, with the ids that were seen of each."""
    found: dict[str, set[str]] = {}
    for message in messages:
        found.setdefault(message.ordering_key, set()).add(message.message_id)
    return {key: PendingKey(key, frozenset(ids)) for key, ids in found.items()}


def log(report: RelayReport) -> None:
    """Tells what was done, and what went wrong: a dead letter is an error, all else comes again."""
    if report.published:
        logger.info("relay published", messages=report.published)
    for failure in report.failed:
        tell = logger.error if failure.is_dead else logger.warning
        what = "message dead-lettered" if failure.is_dead else "message not published"
        # Where there is none, that of the relay's own command stands.
        caused_by = {"correlation_id": failure.correlation_id} if failure.correlation_id else {}
        tell(what, message=str(failure.key), reason=failure.error, **caused_by)
    for destination, outage in report.unavailable.items():
        # Whoever publishes tells once that it is out.
        logger.debug("messages wait for their destination", destination=destination, reason=outage)
    for key, reason in report.lost.items():
        if isinstance(reason, UnreadableMessage):
            logger.error("key left alone", key=key, reason=str(reason))
        else:
            what = "published, but not marked: will be repeated"
            logger.warning(what, key=key, reason=str(reason))


def log_failure(error: Exception) -> None:
    """Tells why a round failed. A relay goes on: nobody would notice that it ended."""
    if isinstance(error, StorageError):
        logger.warning("relay cannot reach its store", reason=str(error))
    else:
        logger.error("round of the relay failed", exc_info=error)
