"""What holds of the items of all tables at any time, whoever wrote them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from application.ports.event_store import StoredEvent
from domain.consistency import StreamId
from infrastructure.aggregates.aggregate_type import CLAIM_PREFIX
from infrastructure.contexts.context import Contexts, StateStored
from infrastructure.dynamodb.mappers.aggregates import Mapper
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.events.streams import EVENTS
from infrastructure.outbox.table import HEAD, OUTBOX
from infrastructure.tagged_events.table import GUARD, TAGGED_EVENTS, TAGS

Items = Mapping[str, Sequence[Mapping[str, Any]]]
"""The items of every table that has any, by the logical name of the table."""

_READER = EventReader(EventModel)


def broken(contexts: Contexts, tables: Items) -> list[str]:
    """What does not hold, in words."""
    found = [problem for stored in contexts.state_stored for problem in _state(stored, tables)]
    return [*found, *_streams(tables), *_tags(tables), *_messages(contexts, tables)]


def _state(stored: StateStored, tables: Items) -> Iterator[str]:
    """Each unique value has a claim of who has it, and there is no other claim."""
    aggregate_type = stored.aggregate_type
    items = {item["id"]["S"]: item for item in tables.get(aggregate_type.table, ())}
    mapper = _mapper(stored)
    claims = {k: v["owner"]["S"] for k, v in items.items() if k.startswith(CLAIM_PREFIX)}
    owners = [
        (key, id_)
        for id_, item in items.items()
        if id_ not in claims
        for key in aggregate_type.claims(aggregate_type.from_state(mapper.to_state(item)))
    ]
    needed = dict(owners)
    if len(needed) < len(owners):
        yield f"two of {sorted(owners)} have one unique value"
    if claims != needed:
        yield f"the claims are {claims}, not {needed}"


@cache
def _mapper(stored: StateStored) -> Mapper:
    return Mapper(stored.aggregate_type, stored.model())


def _streams(tables: Items) -> Iterator[str]:
    """Versions go from 1 without a gap, and commits are whole."""
    streams: defaultdict[StreamId, list[StoredEvent]] = defaultdict(list)
    for event in _events(tables):
        streams[event.stream].append(event)
    for stream, events in streams.items():
        commits = {event.version: event.commit_id for event in events}
        if sorted(event.version for event in events) != list(range(1, len(events) + 1)):
            yield f"{stream} has the versions {sorted(commits)}"
        for event in events:
            whole = range(event.commit_first, event.commit_last + 1)
            if [commits.get(version) for version in whole] != [event.commit_id] * len(whole):
                yield f"{stream}: the commit of {event.commit_first} is not whole"


def _events(tables: Items) -> Iterator[StoredEvent]:
    """The events of all streams, packed or not."""
    for item in tables.get(EVENTS, ()):
        yield from _READER(item)


def _tags(tables: Items) -> Iterator[str]:
    """Each event has a row for each of its tags, and each guard counts its rows."""
    guards: dict[str, Mapping[str, Any]] = {}
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for item in tables.get(TAGS, ()):
        if item["sk"]["S"] == GUARD:
            guards[item["pk"]["S"]] = item
        else:
            rows[item["pk"]["S"]].append(item["sk"]["S"])
    needed: defaultdict[str, list[str]] = defaultdict(list)
    for event in tables.get(TAGGED_EVENTS, ()):
        for tag in json.loads(event["tags"]["S"]):
            needed[f"TAG#{tag}"].append(event["sortableUniqueId"]["S"])
    if {tag: sorted(found) for tag, found in rows.items()} != {
        tag: sorted(found) for tag, found in needed.items()
    }:
        yield f"the rows are {dict(rows)}, not {dict(needed)}"
    counted = {tag: (int(g["events"]["N"]), g["newest"]["S"]) for tag, g in guards.items()}
    if counted != {tag: (len(found), max(found)) for tag, found in needed.items()}:
        yield f"the guards are {counted} for {dict(needed)}"


def _messages(contexts: Contexts, tables: Items) -> Iterator[str]:
    """Each event that others are told of has one message, of its own commit, and no other has."""
    messages = [m for m in tables.get(OUTBOX, ()) if m["sk"]["S"] != HEAD]
    told = Counter(_event_of(m) for m in messages if "aggregateType" in m)
    for event, times in told.items():
        if times > 1:
            yield f"{event} is told {times} times"
    commits = {
        (event.stream.id, str(event.version)): event.commit_id
        for event in _events(tables)
        if event.is_dispatched
    }
    streams = {event.stream.type for event in _events(tables)}
    of_streams = {
        _event_of(m)[:2]: m["commitId"]["S"]
        for m in messages
        if m.get("aggregateType", {"S": ""})["S"] in streams
    }
    if of_streams != commits:
        yield f"messages of {sorted(of_streams)} for events {sorted(commits)}"
    yield from _of_states(contexts, tables, messages)


def _of_states(
    contexts: Contexts, tables: Items, messages: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """A message of a version has the commit that made this version."""
    for stored in contexts.state_stored:
        items = {item["id"]["S"]: item for item in tables.get(stored.aggregate_type.table, ())}
        for message in messages:
            key, version, _ = _event_of(message)
            if key not in items:
                continue
            behind = int(items[key]["version"]["N"]) - int(version)
            commits = items[key]["commits"]["L"]
            if behind < 0 or (behind < len(commits) and commits[behind] != message["commitId"]):
                yield f"the message of version {version} of {key} is of another commit"


def _event_of(message: Mapping[str, Any]) -> tuple[str, str, str]:
    version = json.loads(message["headers"]["S"]).get("aggregateVersion", "0")
    return message["pk"]["S"], version, message["messageType"]["S"]
