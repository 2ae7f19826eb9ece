"""How much room the events of an order take where a commit is one item."""

from __future__ import annotations

from application.ports.event_store import EventMetadata
from domain.consistency import StreamId
from domain.orders.events import LineAdded
from infrastructure.commit.participant import Commit
from infrastructure.contexts.registered import REGISTERED
from infrastructure.events.packing import packed_record
from infrastructure.events.registry import EventEncoder
from infrastructure.limits import record_size
from infrastructure.system.ids import RandomIds
from tests.orders.samples import line
from tests.times import NOW


def test_five_ordinary_events_leave_a_third_of_a_kilobyte_unused() -> None:
    ids = RandomIds()
    stream = StreamId("Order", ids.new_id())
    metadata = EventMetadata(
        correlation_id=ids.new_id(), causation_id=ids.new_id(), actor=ids.new_id()
    )
    encoder = EventEncoder(REGISTERED.event_types, ids)
    commit = Commit(ids.new_id(), ())

    added = LineAdded(order_id=stream.id, line=line(), occurred_at=NOW)

    events = encoder.encode(stream, [added] * 5, 10, commit, metadata)

    assert record_size(packed_record(events)) <= 1024 * 2 // 3
