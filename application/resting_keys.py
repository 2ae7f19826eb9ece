"""Ordering keys that a relay leaves alone for a while, without asking the store."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field, frozen

from application.ports.clock import Clock
from application.ports.publisher import Publisher

LONGEST = timedelta(seconds=60)
"""For how long at most a key is left alone without asking: it may have been freed by hand."""

_FORGOTTEN = timedelta(hours=1)
"""After so long a key that waits for its destination is forgotten: others may have done with it."""

_PAUSE = timedelta(seconds=1)
"""For how long a key is left alone at least whose destination took nothing."""


@frozen
class _Rest:
    """Until then, and from then on as long as `publisher` is not available."""

    until: datetime
    publisher: Publisher | None = None

    @property
    def forgotten(self) -> datetime:
        return self.until if self.publisher is None else self.until + _FORGOTTEN

    def is_over(self, now: datetime) -> bool:
        return now >= self.until and (self.publisher is None or self.publisher.is_available)


@define
class RestingKeys:
    """What one relay knows of keys that there is no use in trying."""

    clock: Clock
    _rests: dict[str, _Rest] = field(factory=dict, init=False)

    def leave(self, key: str, until: datetime, at_most: timedelta = LONGEST) -> None:
        """Leaves a key alone until then, and for so long at most."""
        self._rests[key] = _Rest(min(until, self.clock.now() + at_most))

    def wait_for(self, publisher: Publisher, key: str) -> None:
        """Leaves a key alone for a moment, and then until the publisher can be tried again."""
        self._rests[key] = _Rest(self.clock.now() + _PAUSE, publisher)

    def __contains__(self, key: str) -> bool:
        rest = self._rests.get(key)
        return rest is not None and not rest.is_over(self.clock.now())

    def forget_passed(self) -> None:
        """Keeps the keys to leave alone still. What is too far away is from before a step back."""
        now = self.clock.now()
        latest = now + LONGEST
        self._rests = {
            key: rest
            for key, rest in self._rests.items()
            if rest.until <= latest and now < rest.forgotten
        }
