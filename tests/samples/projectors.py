"""A projector to test with: its state tells which events were folded, and in which order."""

from __future__ import annotations

from hashlib import sha256

from attrs import evolve, field, frozen

from application.ports.dcb_store import SequencedEvent
from application.projector import Projector
from domain.tagged_events import Query


@frozen(kw_only=True)
class Tally:
    """How many events were folded, of each tag too, and a digest of their ids in that order."""

    events: int = 0
    digest: str = ""
    by_tag: dict[str, int] = field(factory=dict)


def fold(tally: Tally, event: SequencedEvent) -> Tally:
    by_tag = dict(tally.by_tag)
    for tag in event.tags:
        by_tag[tag.value] = by_tag.get(tag.value, 0) + 1
    digest = sha256(f"{tally.digest} {event.event_id}".encode()).hexdigest()
    return Tally(events=tally.events + 1, digest=digest, by_tag=by_tag)


TALLY = Projector(
    name="tally",
    version="1",
    query=Query.of(types={"Noted"}),
    payload_type="Tally",
    state_type=Tally,
    initial=Tally,
    fold=fold,
)


def another(name: str) -> Projector[Tally]:
    """The same under another name."""
    return evolve(TALLY, name=name)
