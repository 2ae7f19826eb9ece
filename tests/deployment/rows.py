"""Which role each row of the fault matrix is for, and what no row of it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from application.ports.outbox import OutboxMessage
from application.ports.relay_queue import Acknowledgement, KeyLease
from domain.consistency import NoStream, StreamId
from domain.tagged_events import Query
from infrastructure.contexts.context import Contexts
from infrastructure.deployment.role import Role
from tests.blobs import key_of, noise, s3_client
from tests.deployment.driving import LOST, command, real_publishers, resume
from tests.faults.matrix.network import Trouble
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.changes import ADA, ada
from tests.faults.use_cases.messages import key, message, with_lease
from tests.faults.use_cases.outbox import one_dead
from tests.faults.use_cases.projections import several
from tests.faults.use_cases.subscriptions import given, subscribe, two_events_now
from tests.samples.parcels import PARCELS
from tests.samples.people import PEOPLE, Email
from tests.samples.projectors import TALLY
from tests.tagged_events.samples import BOOK, NOTES, Noted, note
from tests.times import NOW

CONTEXTS = Contexts([PEOPLE, PARCELS, evolve(NOTES, projectors=(TALLY,))])
"""The kernel's samples, with a projector."""

BY_DEPLOYERS = {"table_initializer.create_missing", "table_initializer.delete_all", "tables claim"}
"""What no role may do: it is for who deploys."""

_ROLES = {
    "outbox.add": Role.APPLICATION,
    "outbox.add_many": Role.APPLICATION,
    "outbox": Role.RELAY,
    "relay_queue": Role.RELAY,
    "relay": Role.RELAY,
    "polling_relay": Role.RELAY,
    "stream_relay": Role.RELAY,
    "batch_relay": Role.RELAY,
    "dcb_store.subscribe": Role.PROJECTOR,
    "subscriptions": Role.PROJECTOR,
    "projection_store": Role.PROJECTOR,
    "projection_heartbeats": Role.PROJECTOR,
}
"""By a method, or by the provider of all its methods. Everything else is the application's."""


def role_of(name: str) -> Role | None:
    """The role that a row of the kernel is for; None for what is for who deploys."""
    if name in BY_DEPLOYERS:
        return None
    return _ROLES.get(name) or _ROLES.get(name.partition(".")[0]) or Role.APPLICATION


STREAM = StreamId("Note", "1")
BESIDE = "x" * 1_500
"""Too long for a row of a tag, so that it is read where the event is."""
LARGE = "x" * 5_000
"""Too long for an item by the settings of the matrix, so that it goes to a blob."""


def read_people(service: Service, _: object) -> object:
    with service.container.unit_of_work() as container_unit:
        people: Any = container_unit.people
        found = people.get_many([ADA]), people.get_by_email(Email("ada@example.com"))
        return found, people.page(1)


def write_and_read_large_events(service: Service, _: object) -> object:
    dcb, events = service.container.dcb_store(), service.container.event_store()
    dcb.append([note(BESIDE, BOOK), note(LARGE, BOOK)])
    events.append(STREAM, [Noted(text=LARGE, occurred_at=NOW)], NoStream())
    return dcb.read(Query.of(BOOK)).events, events.read(STREAM).events


def look_whether_ready(service: Service, _: object) -> object:
    return service.container.table_initializer().status()


def large_event(service: Service) -> None:
    service.container.event_store().append(STREAM, [Noted(text=LARGE, occurred_at=NOW)], NoStream())


def one_for_each_destination(service: Service) -> None:
    messages: Sequence[OutboxMessage] = [
        evolve(message(name, key=name), destination=name) for name in ("people", "numbers", "audit")
    ]
    service.container.outbox().add_many(messages)


def notes(service: Service) -> None:
    """Out of the safe window, one of them in a blob. Time passes whenever somebody looks."""
    service.time.start_now()
    service.time.tick = 0.1
    service.container.dcb_store().append([note("a", BOOK), note(LARGE, BOOK)])
    service.time.turn(60)


def hidden_note(service: Service) -> None:
    """The feed tells of an event that the index does not show."""
    notes(service)
    command("projections", "run", "--once")(service, None)
    service.container.dcb_store().append([evolve(note("b", BOOK), event_id="hidden")])
    item = service.container.store().event_keys.event("hidden")
    service.tables.client.update_item(
        TableName=f"{service.tables.prefix}tagged-events",
        Key={"pk": {"S": item}},
        UpdateExpression="REMOVE gsi1pk",
    )
    service.time.turn(60)


def events_out_of_order(service: Service) -> None:
    """The stream tells of the second event of a commit, and not of the first."""
    two_events_now(service)
    _, second = sorted(service.tables.items()["events"], key=lambda item: item["sk"]["N"])
    service.tables.renew(service.schemas("events", "checkpoints"))
    given(service)
    service.tables.client.put_item(TableName=f"{service.tables.prefix}events", Item=second)


def unreferenced(service: Service) -> None:
    """Two days ago by the clock of the service."""
    service.time.start = datetime.now(UTC) + timedelta(days=2)
    content = noise(10)
    service.container.blob_store().put(key_of(content), content)


def unreferenced_with_versions(service: Service) -> None:
    settings = service.container.settings()
    s3_client(settings.endpoint_url).put_bucket_versioning(
        Bucket=settings.blob_bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    unreferenced(service)


def publish_for_real(service: Service, prepared: object) -> object:
    """To the destinations that the settings name."""
    with real_publishers(service):
        return command("outbox", "relay", "--once")(service, prepared)


def acknowledge_late(service: Service, lease: KeyLease) -> None:
    done = Acknowledgement(lease=lease, at=NOW, published=[key("1"), key("2")])
    commit = service.container.relay_queue().acknowledge(done).commit
    resume(service, commit, Trouble(at=0, fault=LOST, lasting=True))


MORE: dict[Role, tuple[UseCase, ...]] = {
    Role.APPLICATION: (
        UseCase(name="people", prepare=ada, run=read_people),
        UseCase(name="large events", run=write_and_read_large_events),
        UseCase(name="/ready", run=look_whether_ready),
    ),
    Role.RELAY: (
        UseCase(name="outbox relay", prepare=one_for_each_destination, run=publish_for_real),
        UseCase(name="relay_queue.acknowledge", prepare=with_lease, run=acknowledge_late),
        UseCase(name="outbox retry", prepare=one_dead, run=command("outbox", "retry", "--all")),
    ),
    Role.PROJECTOR: (
        UseCase(name="projections run", prepare=notes, run=command("projections", "run", "--once")),
        UseCase(
            name="projections run",
            case="of what the index does not show",
            prepare=hidden_note,
            run=command("projections", "run", "--once"),
            is_prepared_anew=True,
            renewed=("tagged-events", "checkpoints"),
        ),
        UseCase(
            name="subscriptions.subscribe",
            case="to what comes out of order",
            prepare=events_out_of_order,
            run=subscribe,
            is_prepared_anew=True,
            renewed=("events", "checkpoints"),
        ),
        UseCase(
            name="projections rebuild",
            prepare=notes,
            run=command("projections", "rebuild", "tally"),
        ),
        UseCase(
            name="projections collect",
            prepare=unreferenced,
            run=command("projections", "collect"),
        ),
        UseCase(
            name="projections collect",
            case="with versions",
            prepare=unreferenced_with_versions,
            run=command("projections", "collect"),
        ),
        UseCase(
            name="events tail",
            prepare=two_events_now,
            run=command("events", "tail", "--from", "beginning", "--limit", "1"),
            is_prepared_anew=True,
            renewed=("events", "checkpoints"),
        ),
    ),
    Role.READ_ONLY: (
        UseCase(name="tables status", run=command("tables", "status")),
        UseCase(
            name="events read", prepare=large_event, run=command("events", "read", "Note", "1")
        ),
        UseCase(
            name="outbox stats",
            prepare=one_dead,
            run=command("outbox", "stats", "--count-published"),
        ),
        UseCase(name="projections list", prepare=several, run=command("projections", "list")),
    ),
}
"""What no row of the matrix does, by the role that it is for: reads, and commands."""


def rows(role: Role, matrix: Sequence[UseCase]) -> list[UseCase]:
    """The rows of the matrix that are for a role."""
    return [use_case for use_case in matrix if role_of(use_case.name) is role]
