"""What relays did, call by call, and what of it must never be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from attrs import define, field, frozen

from application.ports.outbox import MessageKey
from application.ports.relay_queue import Acknowledgement, KeyLease
from tests.relay.virtual_time import START

TIMEOUT = 0.5
MARGIN = 0.25
"""Seconds that must be left of a lease when a publisher is called: its timeout and the margin."""


@define(eq=False)
class Batch:
    """A relay at one key. `shown` is what the index showed of it when the relay looked last."""

    relay: str
    lease: KeyLease
    shown: frozenset[str]
    read_at: datetime | None = None
    acknowledged_at: datetime | None = None
    refused_at: datetime | None = None

    @property
    def is_outlived(self) -> bool:
        """Whether its end could not be stored, and its lease was over when that was tried last."""
        return self.refused_at is not None and self.refused_at >= self.lease.until


@define(eq=False)
class Attempt:
    """One message in one call of a publisher, while the relay held `batch.lease`."""

    message: MessageKey
    batch: Batch
    start: datetime
    end: datetime | None = None
    accepted_at: datetime | None = None
    has_failed: bool = False

    @property
    def in_flight_until(self) -> datetime:
        """The end of the call, or of the lease where that came first, or where nothing else did."""
        until = self.batch.lease.until
        return until if self.end is None else min(self.end, until)


@frozen
class Backoff:
    """What an acknowledgement said: nobody tries this key before `next_attempt`."""

    ordering_key: str
    said_at: datetime
    next_attempt: datetime


@define
class Account:
    """Everything that was seen of some relays. Written by many threads, read when they ended.

    `dead` counts how often each message was dead-lettered; `marked` were marked by hand. `news` is
    when something came of a batch last, in seconds since the beginning. `counted` are the attempts
    that were stored as failed.
    """

    added: dict[MessageKey, datetime] = field(factory=dict)
    attempts: list[Attempt] = field(factory=list)
    backoffs: list[Backoff] = field(factory=list)
    published: set[MessageKey] = field(factory=set)
    dead: Counter[MessageKey] = field(factory=Counter)
    marked: set[MessageKey] = field(factory=set)
    kills: Counter[str] = field(factory=Counter)
    deaths: set[str] = field(factory=set)
    lives: int = 0
    stalls: int = 0
    faults: int = 0
    outages: int = 0
    counted: list[tuple[MessageKey, Batch]] = field(factory=list)
    news: float = 0.0

    def acknowledged(self, batch: Batch, acknowledgement: Acknowledgement, now: datetime) -> None:
        """The end of a batch is stored."""
        batch.acknowledged_at = now
        if acknowledgement.published or acknowledgement.failed:
            self.news = (now - START).total_seconds()
        self.published.update(acknowledgement.published)
        failed = acknowledgement.failed
        if failed is not None:
            self.counted.append((failed.key, batch))
            self.dead[failed.key] += failed.is_dead
        if acknowledgement.next_attempt is not None:
            key = acknowledgement.lease.name
            self.backoffs.append(Backoff(key, now, acknowledgement.next_attempt))

    def accepted(self) -> Mapping[MessageKey, list[Attempt]]:
        """The attempts that were accepted, by message, in the order of their acceptance."""
        found = [attempt for attempt in self.attempts if attempt.accepted_at is not None]
        by_message: dict[MessageKey, list[Attempt]] = {}
        for attempt in sorted(found, key=_accepted_at):
            by_message.setdefault(attempt.message, []).append(attempt)
        return by_message

    def sequences(self) -> Mapping[str, list[str]]:
        """The ids of each key in the order of their acceptances, repeats among them."""
        found = [attempt for attempt in self.attempts if attempt.accepted_at is not None]
        sequences: dict[str, list[str]] = {}
        for attempt in sorted(found, key=_accepted_at):
            message = attempt.message
            sequences.setdefault(message.ordering_key, []).append(message.message_id)
        return sequences

    def repeats(self) -> Counter[str]:
        """How many acceptances were repeats, by what explains them."""
        reasons = Counter[str]()
        for attempts in self.accepted().values():
            for place, attempt in enumerate(attempts[1:], 1):
                reasons[self._why_repeated(attempts[:place], attempt)] += 1
        return reasons

    def figures(self) -> Counter[str]:
        """How much of everything there was."""
        return self.repeats() + Counter(
            added=len(self.added),
            published=len(self.published),
            dead=self.dead.total(),
            failures=self.failed_attempts(),
            faults=self.faults,
            outages=self.outages,
            stalls=self.stalls,
            kills=self.kills.total(),
            lives=self.lives,
        )

    def failed_attempts(self) -> int:
        return sum(1 for attempt in self.attempts if attempt.has_failed)

    def lost_or_disordered(self) -> list[str]:
        """What no clock may bring about."""
        return [*self._lost(), *self._disordered()]

    def failures(self) -> list[str]:
        """What was promised and not kept."""
        return [
            *self.lost_or_disordered(),
            *self._in_flight_twice(),
            *self._too_late_for_their_lease(),
            *self._too_early(),
            *self._repeated_without_reason(),
            *self._counted_without_a_failure(),
        ]

    def _lost(self) -> Iterator[str]:
        accepted = self.accepted()
        for message in self.added:
            if message not in accepted and message not in self.dead and message not in self.marked:
                yield f"lost: {message}"

    def _disordered(self) -> Iterator[str]:
        """A message was accepted first although one before it was there, and known.

        One with an id below the last that its key dealt with is known once the index shows it.
        """
        first = {message: attempts[0] for message, attempts in self.accepted().items()}
        by_key: dict[str, list[MessageKey]] = {}
        for message in self.added:
            by_key.setdefault(message.ordering_key, []).append(message)
        for messages in by_key.values():
            messages.sort(key=lambda message: message.message_id)
            for place, later in enumerate(messages):
                if later in first:
                    yield from self._overtaken(first, messages[:place], first[later])

    def _overtaken(
        self, first: Mapping[MessageKey, Attempt], before: list[MessageKey], attempt: Attempt
    ) -> Iterator[str]:
        batch = attempt.batch
        for message in before:
            if message in self.dead or message in self.marked:
                continue
            if message in first and _accepted_at(first[message]) < _accepted_at(attempt):
                continue
            was_there = batch.read_at is not None and self.added[message] < batch.read_at
            is_late = message.message_id <= batch.lease.last_message_id
            if was_there and (not is_late or message.message_id in batch.shown):
                yield f"out of order: {attempt.message} before {message}, by {batch.relay}"

    def _in_flight_twice(self) -> Iterator[str]:
        by_key: dict[str, list[Attempt]] = {}
        for attempt in sorted(self.attempts, key=lambda attempt: attempt.start):
            by_key.setdefault(attempt.message.ordering_key, []).append(attempt)
        for attempts in by_key.values():
            under_way: dict[str, datetime] = {}
            for attempt in attempts:
                relay = attempt.batch.relay
                for other, until in under_way.items():
                    if other != relay and attempt.start < until:
                        yield f"in flight at {other} and {relay}: {attempt.message.ordering_key}"
                under_way[relay] = max(under_way.get(relay, attempt.start), attempt.in_flight_until)

    def _too_late_for_their_lease(self) -> Iterator[str]:
        needed = timedelta(seconds=TIMEOUT + MARGIN)
        for attempt in self.attempts:
            if attempt.start + needed > attempt.batch.lease.until:
                yield f"lease too short: {attempt.message} by {attempt.batch.relay}"

    def _too_early(self) -> Iterator[str]:
        starts: dict[str, list[datetime]] = {}
        for attempt in self.attempts:
            starts.setdefault(attempt.message.ordering_key, []).append(attempt.start)
        for backoff in self.backoffs:
            for start in starts[backoff.ordering_key]:
                if backoff.said_at <= start < backoff.next_attempt:
                    yield f"too early: {backoff.ordering_key} at {start}, {backoff}"

    def _repeated_without_reason(self) -> Iterator[str]:
        for message, attempts in self.accepted().items():
            for place, attempt in enumerate(attempts[1:], 1):
                if self._why_repeated(attempts[:place], attempt) == UNEXPLAINED:
                    yield f"repeated: {message} by {attempt.batch.relay}"

    def _counted_without_a_failure(self) -> Iterator[str]:
        failed = {(each.message, each.batch) for each in self.attempts if each.has_failed}
        for message, batch in self.counted:
            if (message, batch) not in failed:
                yield f"counted without a failure: {message} by {batch.relay}"

    def _why_repeated(self, before: list[Attempt], attempt: Attempt) -> str:
        if _accepted_at(attempt) >= attempt.batch.lease.until:
            return OUTLIVED
        reasons = {self._why_not_acknowledged(earlier.batch) for earlier in before}
        return UNEXPLAINED if UNEXPLAINED in reasons else min(reasons)

    def _why_not_acknowledged(self, batch: Batch) -> str:
        if batch.acknowledged_at is not None:
            return UNEXPLAINED
        if batch.is_outlived:
            return OUTLIVED
        return DIED if batch.relay in self.deaths else UNEXPLAINED


DIED = "died"
OUTLIVED = "outlived its lease"
UNEXPLAINED = "unexplained"


def _accepted_at(attempt: Attempt) -> datetime:
    assert attempt.accepted_at is not None
    return attempt.accepted_at
