"""The relay: publishes pending messages, per ordering key in order, one relay a key at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from attrs import define, field, frozen

from application.errors import CommitOutcomeUnknown, StorageError, UnreadableMessage
from application.ports.clock import Clock
from application.ports.outbox import MessageKey, StoredMessage
from application.ports.publisher import NOT_SENT, Publisher
from application.ports.relay_queue import (
    FailedMessage,
    KeyLease,
    RelayQueue,
    Settlement,
    Waiting,
)
from domain.errors import Conflict, DynastrataError, InvalidValue

_HELD_SECONDS = 1.0
"""For how long a key is left alone that another relay holds: it may be done at any moment."""

_SETTLE_PAUSE = 0.1
"""Seconds between two attempts to store how a visit ended."""


@frozen(kw_only=True)
class RelayOptions:
    """How a relay works. Durations are in seconds.

    A key is leased for `lease_seconds` to publish at most `batch` of its messages (up to 98: one
    transaction stores what came of them, the failure of one more, and the lease); nothing is sent
    unless the publisher's timeout and `margin_seconds`, for clocks that differ, are left of it.
    `keys_at_once` are worked at together, so that publishers get batches. After `attempts` a
    message is dead-lettered; `backoff` is the pause after the nth failure in a row.
    """

    lease_seconds: float = 30.0
    margin_seconds: float = 1.0
    batch: int = 25
    keys_at_once: int = 10
    attempts: int = 30
    backoff: Callable[[int], float] = field(default=lambda attempt: 2.0 ** min(attempt - 1, 8))


@define
class RelayReport:
    """What came of some work.

    `failed` are the attempts to publish that failed, the last ones of dead letters among them.
    `busy` keys were held by another relay, failed lately, or were left because their lease was too
    short to send anything. `lost` are keys whose visit could not be stored, with the reason: their
    messages are published again; or whose messages could not be read. `finished` keys had nothing
    left when they were read last.
    """

    published: int = 0
    failed: list[FailedMessage] = field(factory=list)
    busy: int = 0
    lost: dict[str, DynastrataError] = field(factory=dict)
    finished: set[str] = field(factory=set)

    @property
    def dead_lettered(self) -> int:
        """How many messages were given up."""
        return sum(1 for failure in self.failed if failure.is_dead)


@define
class _Visit:
    """One relay at one key, from taking its lease to giving it back."""

    lease: KeyLease
    seen: frozenset[str]
    waiting: deque[StoredMessage]
    more: list[StoredMessage]
    is_cut: bool
    published: list[MessageKey] = field(factory=list)
    failed: FailedMessage | None = None
    is_over: bool = False

    @property
    def next(self) -> StoredMessage:
        return self.waiting[0]

    @property
    def left(self) -> frozenset[str]:
        """The messages that were seen, or read, and not published here."""
        read = {message.key.message_id for message in (*self.waiting, *self.more)}
        return (self.seen | read) - {key.message_id for key in self.published}

    def sent(self) -> None:
        self.published.append(self.waiting.popleft().key)
        self.is_over = not self.waiting

    def not_sent(self, error: str, attempts: int) -> None:
        message = self.next
        is_dead = message.retry_count + 1 >= attempts
        self.failed = FailedMessage(key=message.key, error=error, is_dead=is_dead)
        self.is_cut = self.is_over = True

    def stop(self) -> None:
        self.is_cut = self.is_over = True


class Relay:
    """Publishes what waits in a queue. `owner` names this relay, and no other one.

    At least once: a message is repeated only where a relay died or outlived its lease between
    publishing and storing that it did, or where a publisher reports a failure although the message
    got through. For one thread.
    """

    def __init__(
        self,
        queue: RelayQueue,
        publishers: Mapping[str, Publisher],
        clock: Clock,
        owner: str,
        options: RelayOptions | None = None,
        *,
        sleep: Callable[[float], None],
    ) -> None:
        """Raises `InvalidValue` where a lease is too short for a publisher."""
        self._queue = queue
        self._publishers = publishers
        self.clock = clock
        self._owner = owner
        self._options = options or RelayOptions()
        self._sleep = sleep
        slowest = max((publisher.timeout for publisher in publishers.values()), default=0.0)
        if self._options.lease_seconds <= slowest + self._options.margin_seconds:
            raise InvalidValue(
                "lease_seconds",
                f"must be more than {slowest + self._options.margin_seconds:g}: the publishers' "
                "timeout and the margin",
            )
        self._not_before: dict[str, datetime] = {}

    def work(
        self, waiting: Iterable[Waiting], should_stop: Callable[[], bool] = lambda: False
    ) -> RelayReport:
        """Publishes what these keys have, each until nothing is left, or it fails, or is busy.

        It asks after each round of requests whether it should stop, and then sends nothing more.
        Raises a `StorageError` where the store fails. Either way what was published by then is
        stored as published, if that is possible. A key with a message that cannot be read is left
        alone, see `lost`.
        """
        self._forget_passed()
        report = RelayReport()
        keys = _Keys(waiting)
        visits: list[_Visit] = []
        try:
            while self._open(visits, keys, report, should_stop):
                self._publish_next(visits)
                for visit in [visit for visit in visits if visit.is_over]:
                    visits.remove(visit)
                    self._settle(visit, keys, report)
                if should_stop():
                    break
        finally:
            for visit in visits:
                visit.stop()
                self._settle(visit, keys, report)
        return report

    def _open(
        self,
        visits: list[_Visit],
        keys: _Keys,
        report: RelayReport,
        should_stop: Callable[[], bool],
    ) -> bool:
        """Begins visits until enough are open; whether any is."""
        while len(visits) < self._options.keys_at_once and not should_stop():
            waiting = keys.next()
            if waiting is None:
                break
            visit = self._visit(waiting, keys, report)
            if visit is not None:
                visits.append(visit)
        return bool(visits)

    def _visit(self, waiting: Waiting, keys: _Keys, report: RelayReport) -> _Visit | None:
        """Takes the key and reads its messages. None where there is nothing to publish."""
        key, now = waiting.ordering_key, self.clock.now()
        busy_until = self._not_before.get(key)
        if busy_until is None or busy_until <= now:
            until = now + timedelta(seconds=self._options.lease_seconds)
            lease = self._queue.take(key, self._owner, now, until)
            if isinstance(lease, KeyLease):
                return self._read(lease, waiting, keys, report)
            soon = now + timedelta(seconds=_HELD_SECONDS)
            self._not_before[key] = min(lease.until, soon) if lease.is_held else lease.until
        report.busy += 1
        return None

    def _read(
        self, lease: KeyLease, waiting: Waiting, keys: _Keys, report: RelayReport
    ) -> _Visit | None:
        limit = self._options.batch
        try:
            # One more than is published: by it the next visit knows of late ones that are left.
            messages = self._queue.read(lease, waiting.message_ids, limit + 1)
        except UnreadableMessage as unreadable:
            report.lost[lease.ordering_key] = unreadable
            # Nobody could do anything with the key: it is left alone until the lease ends.
            self._not_before[lease.ordering_key] = lease.until
            return None
        now, more = deque(messages[:limit]), messages[limit:]
        visit = _Visit(lease, waiting.message_ids, now, more, is_cut=bool(more))
        if messages:
            return visit
        self._settle(visit, keys, report)
        return None

    def _publish_next(self, visits: list[_Visit]) -> None:
        """Sends the next message of every key.

        Never two of one key at once: where the first one failed, the second would overtake it.
        """
        by_destination: dict[str, list[_Visit]] = {}
        for visit in visits:
            by_destination.setdefault(visit.next.message.destination, []).append(visit)
        for destination, at_one in by_destination.items():
            publisher = self._publishers.get(destination)
            if publisher is None:
                for visit in at_one:
                    visit.not_sent(
                        f"destination {destination!r} is not configured", self._options.attempts
                    )
                continue
            for start in range(0, len(at_one), publisher.most_messages):
                self._publish(publisher, at_one[start : start + publisher.most_messages])

    def _publish(self, publisher: Publisher, visits: list[_Visit]) -> None:
        needed = timedelta(seconds=publisher.timeout + self._options.margin_seconds)
        latest = self.clock.now() + needed
        for visit in visits:
            if visit.lease.until < latest:
                visit.stop()
        lasting = [visit for visit in visits if not visit.is_over]
        if not lasting:
            return
        outcomes = publisher.publish([visit.next.message for visit in lasting])
        for visit, outcome in zip(lasting, outcomes, strict=True):
            if outcome is None:
                visit.sent()
            elif outcome is not NOT_SENT:
                visit.not_sent(outcome, self._options.attempts)

    def _settle(self, visit: _Visit, keys: _Keys, report: RelayReport) -> None:
        """Stores how a visit ended, and sees to it that the key is visited again if need be."""
        key = visit.lease.ordering_key
        next_attempt = self._store(visit, report)
        if key in report.lost:
            return
        report.published += len(visit.published)
        if visit.failed is not None:
            report.failed.append(visit.failed)
        if next_attempt is not None:
            self._not_before[key] = next_attempt
        elif visit.is_cut and not visit.published and visit.failed is None:
            # Its lease was too short for anything: at once again, that could go on for ever.
            report.busy += 1
        elif visit.is_cut:
            keys.again(Waiting(key, visit.left))
        else:
            report.finished.add(key)

    def _store(self, visit: _Visit, report: RelayReport) -> datetime | None:
        """Stores how a visit ended; when the key may be tried again, if its message failed."""
        now = self.clock.now()
        next_attempt = None
        if visit.failed is not None and not visit.failed.is_dead:
            failures = 1 if visit.published else visit.lease.attempts + 1
            next_attempt = now + timedelta(seconds=self._options.backoff(failures))
        settling = self._queue.settle(
            Settlement(
                lease=visit.lease,
                at=now,
                published=visit.published,
                failed=visit.failed,
                next_attempt=next_attempt,
            )
        )
        while True:
            try:
                settling.commit()
            except Conflict as refused:
                report.lost[visit.lease.ordering_key] = refused
                return None
            except (StorageError, CommitOutcomeUnknown) as error:
                # The same write again, as long as nobody else can have the key.
                if self.clock.now() >= visit.lease.until:
                    report.lost[visit.lease.ordering_key] = error
                    return None
                self._sleep(_SETTLE_PAUSE)
            else:
                return next_attempt

    def _forget_passed(self) -> None:
        now = self.clock.now()
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}


class _Keys:
    """Keys to visit: those given, each once, then those to be visited again.

    So no key is visited twice at a time, which its lease, being this relay's, would not stop.
    """

    def __init__(self, waiting: Iterable[Waiting]) -> None:
        self._given = iter(waiting)
        self._seen: set[str] = set()
        self._again: deque[Waiting] = deque()

    def next(self) -> Waiting | None:
        for waiting in self._given:
            if waiting.ordering_key not in self._seen:
                self._seen.add(waiting.ordering_key)
                return waiting
        return self._again.popleft() if self._again else None

    def again(self, waiting: Waiting) -> None:
        self._again.append(waiting)
