"""The relay: publishes pending messages, per ordering key in order, one relay a key at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field, frozen

from application.batched import batched
from application.errors import CommitOutcomeUnknown, StorageError
from application.ports.clock import Clock
from application.ports.outbox import UnreadableMessage
from application.ports.publisher import Accepted, Failed, NotSent, Publisher, Unavailable
from application.ports.relay_queue import (
    Acknowledgement,
    FailedMessage,
    KeyLease,
    PendingKey,
    RelayQueue,
)
from application.relay_work import Batch, Keys
from application.resting_keys import LONGEST, RestingKeys
from domain.errors import Conflict, DynastrataError, InvalidValue

_HELD = timedelta(seconds=1)
"""For how long a key is left alone that another relay holds: it may be done at any moment."""

_STORE_PAUSE = 0.1
"""Seconds between two attempts to acknowledge a batch."""


@frozen(kw_only=True)
class RelayOptions:
    """How a relay works. Durations are in seconds.

    A key is leased for `lease_seconds` to publish at most `batch_size` of its messages (up to 98:
    one transaction stores what came of them, the failure of one more, and the lease); nothing is
    sent unless the timeout of the publisher and `margin_seconds`, for clocks that differ, are left.
    `keys_at_once` are worked at together, so that publishers get batches. After `attempts` a
    message is dead-lettered; `backoff` is the pause after the nth failure in a row.
    """

    lease_seconds: float = 30.0
    margin_seconds: float = 1.0
    batch_size: int = 25
    keys_at_once: int = 10
    attempts: int = 30
    backoff: Callable[[int], float] = field(default=lambda attempt: 2.0 ** min(attempt - 1, 8))


@define
class RelayReport:
    """What came of some work.

    `failed` are the attempts to publish that failed, the last ones of dead letters among them.
    `unavailable` are the destinations that took nothing, and why: no attempts of messages. `busy`
    keys were held by another relay, failed lately, wait for such a destination, or were left
    because their lease was too short to send anything. `lost` are keys whose batch could not be
    acknowledged, and why: their messages are published again; or whose messages could not be read.
    `finished` keys had nothing left when they were read last.
    """

    published: int = 0
    failed: list[FailedMessage] = field(factory=list)
    unavailable: dict[str, str] = field(factory=dict)
    busy: int = 0
    lost: dict[str, DynastrataError] = field(factory=dict)
    finished: set[str] = field(factory=set)

    @property
    def dead_lettered(self) -> int:
        """How many messages were given up."""
        return sum(1 for failure in self.failed if failure.is_dead)


class Relay:
    """Publishes what is pending in a queue. `owner` names this relay, and no other one.

    At least once: a message is repeated only where a relay died or outlived its lease between
    publishing and storing that it did, or where a publisher reports a failure although the message
    got through. Where a destination takes nothing, its messages wait, and count no attempt. For one
    thread.
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
        self._resting = RestingKeys(clock)

    def work(
        self, pending: Iterable[PendingKey], should_stop: Callable[[], bool] = lambda: False
    ) -> RelayReport:
        """Publishes what these keys have, each until nothing is left, or it fails, or is busy.

        It asks after each round of requests whether it should stop, and then sends nothing more.
        Raises a `StorageError` where the store fails. Either way what was published by then is
        stored as published, if that is possible. A key with a message that cannot be read is left
        alone, see `lost`.
        """
        self._resting.forget_passed()
        report = RelayReport()
        keys = Keys(pending)
        batches: list[Batch] = []
        try:
            while self._open(batches, keys, report, should_stop):
                self._publish_next(batches)
                for batch in [batch for batch in batches if batch.is_over]:
                    batches.remove(batch)
                    self._acknowledge(batch, keys, report)
                if should_stop():
                    break
        finally:
            for batch in batches:
                batch.stop()
                self._acknowledge(batch, keys, report)
        return report

    def _open(
        self,
        batches: list[Batch],
        keys: Keys,
        report: RelayReport,
        should_stop: Callable[[], bool],
    ) -> bool:
        """Begins batches until enough are open; whether any is."""
        while len(batches) < self._options.keys_at_once and not should_stop():
            pending = keys.next()
            if pending is None:
                break
            batch = self._begin(pending, keys, report)
            if batch is not None:
                batches.append(batch)
        return bool(batches)

    def _begin(self, pending: PendingKey, keys: Keys, report: RelayReport) -> Batch | None:
        """Takes the key and reads its messages. None where there is nothing to publish."""
        key, now = pending.ordering_key, self.clock.now()
        if key not in self._resting:
            until = now + timedelta(seconds=self._options.lease_seconds)
            lease = self._queue.take(key, self._owner, now, until)
            if isinstance(lease, KeyLease):
                return self._read(lease, pending, keys, report)
            self._resting.leave(key, lease.until, _HELD if lease.is_held else LONGEST)
        report.busy += 1
        return None

    def _read(
        self, lease: KeyLease, pending: PendingKey, keys: Keys, report: RelayReport
    ) -> Batch | None:
        limit = self._options.batch_size
        try:
            # One more than is published: by it the next batch knows of late ones that are left.
            messages = self._queue.read(lease, pending.message_ids, limit + 1)
        except UnreadableMessage as unreadable:
            report.lost[lease.name] = unreadable
            # Nobody could do anything with the key: it is left alone until the lease ends.
            self._resting.leave(lease.name, lease.until)
            return None
        now, more = deque(messages[:limit]), messages[limit:]
        batch = Batch(lease, pending.message_ids, now, more, is_cut=bool(more))
        if messages:
            return batch
        self._acknowledge(batch, keys, report)
        return None

    def _publish_next(self, batches: list[Batch]) -> None:
        """Sends the next message of every key.

        Never two of one key at once: where the first one failed, the second would overtake it.
        """
        by_destination: dict[str, list[Batch]] = {}
        for batch in batches:
            by_destination.setdefault(batch.next.message.destination, []).append(batch)
        for destination, at_one in by_destination.items():
            publisher = self._publishers.get(destination)
            if publisher is None:
                for batch in at_one:
                    batch.not_sent(
                        f"destination {destination!r} is not configured", self._options.attempts
                    )
                continue
            for part in batched(at_one, publisher.max_messages):
                self._publish(publisher, part)

    def _publish(self, publisher: Publisher, batches: Sequence[Batch]) -> None:
        needed = timedelta(seconds=publisher.timeout + self._options.margin_seconds)
        for batch in batches:
            if self._left(batch.lease) < needed:
                batch.stop()
        lasting = [batch for batch in batches if not batch.is_over]
        if not lasting:
            return
        outcomes = publisher.publish([batch.next.message for batch in lasting])
        for batch, outcome in zip(lasting, outcomes, strict=True):
            match outcome:
                case Accepted():
                    batch.sent()
                case Failed(reason):
                    batch.not_sent(reason, self._options.attempts)
                case Unavailable(reason):
                    batch.put_off(reason)
                case NotSent():
                    pass  # it comes with the next request

    def _acknowledge(self, batch: Batch, keys: Keys, report: RelayReport) -> None:
        """Acknowledges a batch, and sees to it that the key is worked at again if need be."""
        key = batch.lease.name
        next_attempt = self._store(batch, report)
        if key in report.lost:
            return
        report.published += len(batch.published)
        if batch.failed is not None:
            report.failed.append(batch.failed)
        if next_attempt is not None:
            self._resting.leave(key, next_attempt)
        elif batch.outage is not None:
            self._wait(batch, batch.outage, report)
        elif batch.is_cut and not batch.published and batch.failed is None:
            # Its lease was too short for anything: at once again, that could go on for ever.
            report.busy += 1
        elif batch.is_cut:
            keys.again(PendingKey(key, batch.left))
        else:
            report.finished.add(key)

    def _wait(self, batch: Batch, outage: str, report: RelayReport) -> None:
        """Lets a key wait for the destination of its next message."""
        destination = batch.next.message.destination
        report.unavailable.setdefault(destination, outage)
        report.busy += 1
        self._resting.wait_for(self._publishers[destination], batch.lease.name)

    def _store(self, batch: Batch, report: RelayReport) -> datetime | None:
        """Acknowledges a batch; when the key may be tried again, if its message failed."""
        now = self.clock.now()
        next_attempt = None
        if batch.failed is not None and not batch.failed.is_dead:
            failures = 1 if batch.published else batch.lease.attempts + 1
            next_attempt = now + timedelta(seconds=self._options.backoff(failures))
        acknowledgement = self._queue.acknowledge(
            Acknowledgement(
                lease=batch.lease,
                at=now,
                published=batch.published,
                failed=batch.failed,
                next_attempt=next_attempt,
            )
        )
        while True:
            try:
                acknowledgement.commit()
            except Conflict as refused:
                report.lost[batch.lease.name] = refused
                return None
            except (StorageError, CommitOutcomeUnknown) as error:
                # The same write again, as long as nobody else can have the key.
                if self._left(batch.lease) <= timedelta():
                    report.lost[batch.lease.name] = error
                    return None
                self._sleep(_STORE_PAUSE)
            else:
                return next_attempt

    def _left(self, lease: KeyLease) -> timedelta:
        """What is left of a lease: nothing where the clock has stepped back since it was taken.

        Others may see such a lease as ended, or as void.
        """
        left = lease.until - self.clock.now()
        return left if left <= timedelta(seconds=self._options.lease_seconds) else timedelta()
