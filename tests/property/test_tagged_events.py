"""Every tagged event survives the way to the wire and back, by its item and by its rows."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from application.ports.dcb_store import SequencedEvent
from application.ports.event_store import EventMetadata, RawEvent
from domain.tagged_events import MAX_EVENT_ID, MAX_TAG, Position, Tag
from infrastructure.dynamodb.items import check_item, item_size, model_of
from infrastructure.dynamodb.mappers.tagged_events import row_to_sequenced, to_sequenced
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.dynamodb.models.tagged_events import TaggedEventModel, TagRowModel
from infrastructure.limits import record_size
from infrastructure.tagged_events.keys import EventKeys, tag_guard
from infrastructure.tagged_events.table import MAX_ROW, event_record, row_record
from tests.wire import TEXTS, TIMESTAMPS, over_the_wire


def printable(max_bytes: int) -> st.SearchStrategy[str]:
    texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=max_bytes)
    return texts.filter(lambda t: t.isprintable() and len(t.encode()) <= max_bytes)


TAGS = printable(MAX_TAG).map(Tag)
KEYS = st.builds(
    EventKeys,
    service_id=st.just("") | st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
    write_shards=st.integers(1, 100),
)


@st.composite
def events(draw: st.DrawFn) -> SequencedEvent:
    """Any event, raw, as it is handed to the table."""
    event_id, type_ = draw(printable(MAX_EVENT_ID)), draw(TEXTS.filter(bool))
    data = draw(TEXTS | st.integers(0, 3000).map(lambda n: "x" * n))
    return SequencedEvent(
        position=Position.of(draw(st.integers(0, 10**16 - 1)), event_id),
        event_id=event_id,
        type=type_,
        tags=tuple(draw(st.lists(TAGS, max_size=3, unique=True))),
        timestamp=draw(TIMESTAMPS).astimezone(UTC),
        event=RawEvent(type_, draw(st.integers(1, 99)), data.encode()),
        metadata=draw(st.builds(EventMetadata, actor=st.none() | TEXTS)),
        commit_id=draw(TEXTS),
    )


@given(events(), KEYS)
def test_an_event_is_read_back_from_its_item(event: SequencedEvent, keys: EventKeys) -> None:
    record = event_record(keys, event)
    model = model_of(TaggedEventModel, record)
    item = over_the_wire(item_of(model))
    check_item("tagged-events", {"pk": item["pk"]}, item)
    assert to_sequenced(item) == event
    assert item_size(item) == record_size(record)
    assert item["gsi1pk"]["S"] in keys.indexes()


@given(events(), TAGS, KEYS)
def test_a_row_has_the_whole_event_or_tells_where_it_is(
    event: SequencedEvent, tag: Tag, keys: EventKeys
) -> None:
    record = row_record(keys, tag_guard(tag), event)
    model = model_of(TagRowModel, record)
    item = over_the_wire(item_of(model))
    check_item("tags", {"pk": item["pk"], "sk": item["sk"]}, item)
    assert keys.tag_of(item["pk"]["S"]) == tag
    if "payload" in item:
        assert row_to_sequenced(item) == event
        assert item_size(item) <= MAX_ROW
    else:
        assert item["eventId"]["S"] == event.event_id
        assert item["sk"]["S"] == event.position.value
