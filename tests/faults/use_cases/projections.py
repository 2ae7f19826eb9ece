"""The store of projection states, and heartbeats, as the fault matrix calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from application.ports.projection_store import (
    ProjectionHeartbeats,
    ProjectionState,
    ProjectionStore,
    Stamp,
)
from infrastructure.projections.codec import encode_state
from infrastructure.tagged_events.bookmark import Bookmark
from tests.blobs import noise
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import Other, UseCase
from tests.projections import ROSTER, instance, roster
from tests.samples.projectors import TALLY, Tally
from tests.times import NOW

SMALL, LARGE = b"small", noise(4_000)
"""Below and above the threshold of the matrix."""


def store_of(service: Service) -> ProjectionStore:
    store: ProjectionStore = service.container.projection_store()
    return store


def on_store(call: Callable[[ProjectionStore], object]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(store_of(service))


def stored(*data: bytes) -> Callable[[Service], ProjectionState]:
    """Prepares these states of the roster, one after the other."""

    def prepare(service: Service) -> ProjectionState:
        store, stamp = store_of(service), None
        for each in data:
            stamp = store.persist(ROSTER, each, stamp)
        found = store.latest("roster", "1")
        assert found is not None
        return found

    return prepare


def several(service: Service) -> ProjectionState:
    """Two versions, one of them in a blob, and one that is invalidated."""
    store = store_of(service)
    store.persist(roster("2", 9), LARGE, None)
    store.invalidate("roster", "3", store.persist(roster("3", 11), SMALL, None))
    return stored(SMALL)(service)


def deleted(service: Service) -> None:
    stored(SMALL)(service)
    store_of(service).delete("roster", "1")


def invalidated(service: Service) -> None:
    stored(SMALL)(service)
    store_of(service).invalidate("roster", "1", Stamp(1, 1))


def persist(expected: Stamp | None, data: bytes = SMALL) -> Callable[[Service, Any], object]:
    return on_store(lambda store: store.persist(roster(events=8), data, expected))


def of_persist(
    case: str,
    prepare: Callable[[Service], object],
    expected: Stamp | None,
    data: bytes = SMALL,
    others: Mapping[str, Other] | None = None,
) -> UseCase:
    return UseCase(
        name="projection_store.persist",
        case=case,
        prepare=prepare,
        run=persist(expected, data),
        others=others or {},
    )


def of_store(
    method: str,
    call: Callable[[ProjectionStore], object],
    prepare: Callable[[Service], object] = several,
    case: str = "",
    others: Mapping[str, Other] | None = None,
) -> UseCase:
    return UseCase(
        name=f"projection_store.{method}",
        case=case,
        prepare=prepare,
        run=on_store(call),
        others=others or {},
    )


def read(service: Service, state: ProjectionState) -> bytes:
    with store_of(service).open(state) as stream:
        return stream.read()


def read_listed(service: Service, _: object) -> bytes:
    return store_of(service).data(store_of(service).list("roster")[0])


def tallied(service: Service) -> None:
    """A state as a projector stores it, in a blob."""
    tags = {f"tag:{n}": n for n in range(2_000)}
    bookmark = Bookmark(feed={}, drained=NOW, earlier=())
    data = encode_state(TALLY, Tally(by_tag=tags), bookmark)
    store_of(service).persist(roster(projector=TALLY.name), data, None)


def read_tally(service: Service, _: object) -> object:
    projected = service.container.projections().read(TALLY)
    return projected and len(projected.state.by_tag)


def beats_of(service: Service) -> ProjectionHeartbeats:
    beats: ProjectionHeartbeats = service.container.projection_heartbeats()
    return beats


def beat(service: Service, _: object = None) -> None:
    beats_of(service).beat(instance())


THEIRS = {"a state": persist(Stamp(1, 1), b"theirs")}
THEIR_FIRST = {"a state": persist(None, b"theirs")}
THEIR_DELETION = {"a deletion": on_store(lambda store: store.delete("roster", "1"))}

PROJECTIONS = (
    of_persist("the first", lambda _: None, None, others=THEIR_FIRST),
    of_persist("the next", stored(SMALL), Stamp(1, 1), others=THEIRS),
    of_persist("the next, deleted meanwhile", stored(SMALL), Stamp(1, 1), others=THEIR_DELETION),
    of_persist("in a blob", stored(SMALL), Stamp(1, 1), LARGE),
    of_persist("inline again", stored(LARGE), Stamp(1, 1)),
    of_persist("after a deletion", deleted, None, others=THEIR_FIRST),
    of_persist("after an invalidation", invalidated, Stamp(2, 0)),
    of_persist("a stale one", stored(SMALL, SMALL), Stamp(1, 1)),
    of_store("latest", lambda store: store.latest("roster", "1")),
    of_store("latest_of_any_version", lambda store: store.latest_of_any_version("roster")),
    UseCase(name="projection_store.open", prepare=stored(LARGE), run=read),
    UseCase(name="projection_store.data", prepare=several, run=read_listed),
    of_store(
        "invalidate",
        lambda store: store.invalidate("roster", "1", Stamp(1, 1)),
        stored(SMALL),
        others=THEIRS,
    ),
    of_store("list", lambda store: store.list()),
    of_store(
        "delete", lambda store: store.delete("roster", "1"), stored(SMALL), others=THEIR_DELETION
    ),
    of_store("delete", lambda store: store.delete("roster", "1"), deleted, "again"),
    of_store("delete_all", lambda store: store.delete_all("roster")),
    of_store("referenced_blobs", lambda store: list(store.referenced_blobs())),
    UseCase(name="projections.read", prepare=tallied, run=read_tally),
    UseCase(name="projection_heartbeats.beat", run=beat),
    UseCase(name="projection_heartbeats.beat", case="again", prepare=beat, run=beat),
    UseCase(
        name="projection_heartbeats.instances",
        prepare=beat,
        run=lambda service, _: beats_of(service).instances(),
    ),
)
