"""Streams of events, and what a writer expects of one."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import InvalidValue


@frozen
class StreamId:
    """The events of one event-sourced aggregate."""

    type: str
    id: str

    def __attrs_post_init__(self) -> None:
        if not self.type or not self.id:
            raise InvalidValue("stream", "needs a type and an id")

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


MAX_VERSION = 10**18 - 1
"""No stream and no aggregate comes that far, and every store can count so far."""


def _possible(_: object, __: object, version: int) -> None:
    if not 0 <= version <= MAX_VERSION:
        raise InvalidValue("version", f"must be from 0 to {MAX_VERSION}")


@frozen
class Loaded:
    """The stream has exactly `version` events: a load or an append said so.

    Trusted, and so without a read. A number from anywhere else is an `Exact`: the version of an
    event, say, that came from a subscription or a read up to some version. Others may have been
    committed with it and after it, and where a commit is packed into one item, nothing is at their
    versions that could refuse an append. Whole loads, appends and snapshots end with a commit.
    """

    version: int = field(validator=_possible)


@frozen
class Exact:
    """The stream should have exactly `version` events, says somebody from outside.

    Confirmed by one consistent read of the commit that should end there before anything is
    written; commits never change, so what was there then is there for ever. A version within a
    commit is a conflict.
    """

    version: int = field(validator=_possible)


@frozen
class NoStream:
    """The stream must not exist yet."""


@frozen
class StreamExists:
    """The stream must have at least one event; how many does not matter."""


@frozen
class Anything:
    """Whatever is there, append after it."""


ExpectedVersion = Loaded | Exact | NoStream | StreamExists | Anything
"""What a writer takes for granted about a stream. Version n means n events."""
