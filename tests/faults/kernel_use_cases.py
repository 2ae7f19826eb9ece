"""Everything else that the container offers, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from threading import Event
from typing import Any

from attrs import evolve

from api.container import Container
from application.commit_each import commit_each
from application.errors import CommitOutcomeUnknown
from application.idempotent_receiver import Delivery, process_once
from application.idempotent_request import Keep, answer_once
from application.ports.inbox import RepeatableRequest
from application.ports.outbox import MessageKey, OutboxMessage
from application.ports.relay_queue import Acknowledgement, FailedMessage, KeyLease
from application.ports.subscriptions import Start
from application.relay import RelayReport
from domain.consistency import Anything, Exact, Loaded, NoStream, StreamExists, StreamId
from domain.events import DomainEvent
from domain.tagged_events import AppendCondition, Query
from infrastructure.claiming import Claiming
from infrastructure.outbox.table import HEAD
from infrastructure.subscriptions.change_reader import Wait
from tests.faults.matrix.late_claims import Claimed
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import RETURNED, Told, UseCase
from tests.faults.projection_use_cases import PROJECTIONS
from tests.faults.tagged_event_use_cases import SHELF, TAGGED_EVENTS, added
from tests.samples.contexts import Unit
from tests.samples.parcels import LineAdded, ParcelPaid, line, new_parcel
from tests.samples.people import Email, new_person
from tests.times import NOW

ADA, BOB = "ada", "bob"
LOVELACE = Email("lovelace@example.com")
STREAM = StreamId("Parcel", "stream-1")
LEASE = timedelta(seconds=30)


def configure(container: Container) -> None:
    """The kernel brings nothing that would have to be replaced."""


# Commits of a unit of work


def committed(change: Callable[[Unit], object]) -> Callable[[Service, Any], object]:
    """Commits a change in a unit of work."""

    def run(service: Service, _: object = None) -> object:
        with service.container.unit_of_work() as container_unit:
            unit: Unit = container_unit
            changed = change(unit)
            unit.commit()
        return getattr(changed, "version", None)

    return run


def add_ada(unit: Unit) -> object:
    person = new_person(id=ADA)
    unit.people.add(person)
    return person


def add_bob(unit: Unit) -> object:
    person = new_person("lovelace@example.com", id=BOB)
    unit.people.add(person)
    return person


def changed(change: Callable[[Any], object]) -> Callable[[Unit], object]:
    def run(unit: Unit) -> object:
        person = unit.people.get(ADA)
        change(person)
        unit.people.save(person)
        return person

    return run


def remove_ada(unit: Unit) -> None:
    person = unit.people.get(ADA)
    person.leave(NOW)
    unit.people.remove(person)


def add_parcel(unit: Unit) -> object:
    parcel = new_parcel()
    unit.parcels.add(parcel)
    return parcel


def add_line(unit: Unit) -> object:
    parcel = unit.parcels.get("parcel-1")
    parcel.add_line(line("logic"), NOW)
    unit.parcels.save(parcel)
    return parcel


def require_ada(unit: Unit) -> None:
    unit.people.require_unchanged(unit.people.get(ADA))


def add_parcel_of_ada(unit: Unit) -> object:
    require_ada(unit)
    return add_parcel(unit)


def ban_by_parcel(unit: Unit) -> object:
    unit.parcels.require_unchanged(unit.parcels.get("parcel-1"))
    return changed(ban)(unit)


def add_everything(unit: Unit) -> None:
    """Items of every table that a commit can write to, and no key twice."""
    add_ada(unit)
    add_parcel(unit)
    unit.streams.append(STREAM, lines("a", "b"), NoStream())
    unit.outbox.add(message("1"))
    unit.inbox.remember("mailer", "message-1", NOW)
    unit.tagged_events.append([added("a", SHELF)], AppendCondition(Query.of(SHELF)))


def ban_ada(service: Service, _: object) -> None:
    committed(changed(ban))(service, None)


def add_name(service: Service, _: object) -> None:
    change = changed(lambda person: person.change_name("Theirs", "King", NOW))
    committed(change)(service, None)


def go(service: Service, _: object) -> None:
    committed(remove_ada)(service, None)


def add_another_line(service: Service, _: object) -> None:
    def add(unit: Unit) -> None:
        found = unit.parcels.get("parcel-1")
        found.add_line(line("music"), NOW)
        unit.parcels.save(found)

    committed(add)(service, None)


def ada(service: Service) -> None:
    committed(add_ada)(service, None)


def ada_and_bob(service: Service) -> None:
    ada(service)
    committed(add_bob)(service, None)


def ada_and_parcel(service: Service) -> None:
    ada(service)
    parcel(service)


def ada_before(service: Service) -> None:
    """Ada, as she was stored before items told which claims they hold."""
    ada(service)
    request = {
        "TableName": service.tables.prefix + "people",
        "Key": {"id": {"S": ADA}},
        "UpdateExpression": "REMOVE heldClaims",
    }
    service.container.store().gateway.call("UpdateItem", request)


def parcel(service: Service) -> None:
    committed(add_parcel)(service, None)


def of_unit(
    case: str, change: Callable[[Unit], object], prepare: Any = ada, others: Any = None
) -> UseCase:
    return UseCase(
        name="unit_of_work.commit",
        case=case,
        prepare=prepare,
        run=committed(change),
        others={"a ban": ban_ada, "a removal": go} if others is None else others,
    )


def _move(person: Any) -> None:
    person.change_email(LOVELACE, NOW)


OTHER_LINE = {"a line": add_another_line}

COMMITS = (
    of_unit("a person", add_ada, lambda _: None),
    of_unit("a person under a taken address", lambda u: u.people.add(new_person(id=BOB))),
    of_unit("a name", changed(lambda p: p.change_name("Augusta", "King", NOW))),
    of_unit("a name with a message", changed(lambda p: p.verify_email(NOW))),
    of_unit("an address", changed(_move)),
    of_unit("a taken address", changed(_move), ada_and_bob),
    of_unit("a removal", remove_ada),
    of_unit("a parcel", add_parcel, lambda _: None, others=OTHER_LINE),
    of_unit("a line, and a snapshot", add_line, parcel, others=OTHER_LINE),
    of_unit("a parcel for a person who stays", add_parcel_of_ada),
    of_unit("a person by a parcel that stays", ban_by_parcel, ada_and_parcel, others=OTHER_LINE),
    of_unit("nothing but a person who stays", require_ada),
    of_unit("everything", add_everything, lambda _: None),
    of_unit("nothing", changed(lambda _: None)),
)


# The idempotent receiver, and many at once

DELIVERY = Delivery(consumer="mailer", message_id="message-1", at=NOW)


def receive(effect: Callable[[Unit], object]) -> Callable[[Service, Any], object]:
    def run(service: Service, _: object = None) -> object:
        def take_effect(unit: Unit) -> None:
            effect(unit)

        return process_once(service.container.unit_of_work, DELIVERY, take_effect)

    return run


def ban(person: Any) -> None:
    person.ban(NOW)


def received(service: Service) -> None:
    ada(service)
    receive(changed(ban))(service, None)


def each(service: Service, _: object) -> object:
    """Of two, one of which is not there. The first that is not known to be stored is raised."""

    def change(unit: Any, person_id: str) -> None:
        person = unit.people.get(person_id)
        person.ban(NOW)
        unit.people.save(person)

    results = commit_each(service.container.unit_of_work, [ADA, "nobody"], change)
    for result, is_there in zip(results, (True, False), strict=True):
        if result.error is not None and (is_there or "NotFound" not in type(result.error).__name__):
            raise result.error
    return results


OF_FUNCTIONS = (
    UseCase(
        name="process_once",
        prepare=ada,
        run=receive(changed(ban)),
        others={"the same": lambda s, _: receive(changed(ban))(s, None), "a removal": go},
    ),
    UseCase(name="process_once", case="again", prepare=received, run=receive(changed(ban))),
    UseCase(name="process_once", case="without an effect", run=receive(lambda _: None)),
    UseCase(name="commit_each", prepare=ada, run=each),
)


REQUEST = RepeatableRequest(client="http ada", key="key-1", fingerprint="same", at=NOW)


def asked(change: Callable[[Unit], Any]) -> Callable[[Service, Any], object]:
    """A request of a client, as it may be repeated."""

    def run(service: Service, _: object = None) -> object:
        def handle(keep: Keep[Any]) -> Any:
            with service.container.unit_of_work() as container_unit:
                unit: Unit = container_unit
                result = change(unit)
                keep(unit, result)
                unit.commit()
            return result

        def answer(result: Any) -> bytes:
            return str(result.version).encode()

        return answer_once(service.container.unit_of_work, REQUEST, handle, answer)

    return run


def asked_before(service: Service) -> None:
    ada(service)
    asked(changed(ban))(service, None)


REQUESTS = (
    UseCase(
        name="answer_once",
        prepare=ada,
        run=asked(changed(ban)),
        others={"a name": add_name, "the same": lambda s, _: asked(changed(ban))(s, None)},
    ),
    UseCase(name="answer_once", case="again", prepare=asked_before, run=asked(changed(ban))),
    UseCase(name="answer_once", case="a new parcel", run=asked(add_parcel)),
)


# The event store


def lines(*skus: str) -> list[DomainEvent]:
    return [LineAdded(parcel_id=STREAM.id, line=line(sku), occurred_at=NOW) for sku in skus]


def paid() -> list[DomainEvent]:
    return [ParcelPaid(parcel_id=STREAM.id, amount_cents=1, occurred_at=NOW)]


def store(call: Callable[[Any], object]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(service.container.event_store())


def one_by_one(service: Service, _: object) -> object:
    events = evolve(service.container.event_store(), transactional=False)
    return events.append(STREAM, lines("x", "y"), Loaded(2))


def packing(service: Service) -> Any:
    """The event store that writes each commit as one item."""
    container = service.container
    units = copy(container.units_of_work())
    units.events = evolve(container.store(), packed_events=True).events()
    return evolve(container.event_store(), table=units.events, unit_of_work=units)


def packed(events: Sequence[DomainEvent], expected: Any) -> Callable[[Service, Any], object]:
    return lambda service, _: packing(service).append(STREAM, events, expected)


def two_events(service: Service) -> None:
    service.container.event_store().append(STREAM, lines("a", "b"), NoStream())


def another_append(service: Service, _: object) -> None:
    service.container.event_store().append(STREAM, lines("other"), Anything())


def another_packed(service: Service, _: object) -> None:
    packing(service).append(STREAM, lines("other", "too"), Anything())


def appended(case: str, events: Sequence[DomainEvent], expected: Any) -> UseCase:
    return UseCase(
        name="event_store.append",
        case=case,
        prepare=two_events,
        run=store(lambda s: s.append(STREAM, events, expected)),
        others={"another append": another_append},
    )


EVENT_STORE = (
    appended("one event", lines("c"), Loaded(2)),
    appended("one with a message", paid(), Loaded(2)),
    appended("several", lines("c", "d", "e"), Exact(2)),
    appended("after whatever is there", lines("c"), Anything()),
    appended("after something", lines("c", "d"), StreamExists()),
    appended("to another version", lines("c"), Exact(1)),
    appended("to a new stream", lines("c"), NoStream()),
    UseCase(name="event_store.append", case="one by one", prepare=two_events, run=one_by_one),
    UseCase(
        name="event_store.append",
        case="packed",
        prepare=two_events,
        run=packed(lines("c", "d"), Loaded(2)),
        others={"another append": another_append, "one that is packed": another_packed},
    ),
    UseCase(
        name="event_store.read", prepare=two_events, run=store(lambda s: s.read(STREAM).events)
    ),
    UseCase(name="event_store.version", prepare=two_events, run=store(lambda s: s.version(STREAM))),
)


# The outbox


def message(message_id: str, key: str = ADA) -> OutboxMessage:
    return OutboxMessage(
        message_id=message_id,
        message_type="Greeted",
        destination="people",
        ordering_key=key,
        payload=b"{}",
        created_at=NOW,
    )


def key(message_id: str) -> MessageKey:
    return MessageKey(ADA, message_id)


def outbox(call: Callable[[Any], Any]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(service.container.outbox()).value


def three(service: Service) -> None:
    service.container.outbox().add_many([message(n) for n in "123"])


def now(service: Service) -> None:
    """Streams tell the time at which something was written, by the clock of the engine.

    And no two leases are asked for at the same time.
    """
    service.time.start, service.time.tick = datetime.now(UTC), 0.001


def three_now(service: Service) -> None:
    now(service)
    three(service)


def one_published(service: Service) -> None:
    three(service)
    service.container.outbox().mark_as_published(key("1"))


def one_dead(service: Service) -> None:
    three(service)
    lease = taken(service)
    failed = FailedMessage(key=key("1"), error="no such queue", is_dead=True)
    given_up = Acknowledgement(lease=lease, at=service.time.now(), failed=failed)
    service.container.relay_queue().acknowledge(given_up).commit()


def of_outbox(name: str, call: Callable[[Any], Any], prepare: Any = three, case: str = "") -> Any:
    return UseCase(name=f"outbox.{name}", case=case, prepare=prepare, run=outbox(call))


OUTBOX = (
    of_outbox("add", lambda o: o.add(message("4"))),
    of_outbox("add", lambda o: o.add(message("3")), case="again"),
    of_outbox("add_many", lambda o: o.add_many([message(n) for n in "345"]), case="one again"),
    of_outbox(
        "add_many",
        lambda o: o.add_many([message(f"{n:03}") for n in range(1, 102)]),
        lambda _: None,
        case="in two transactions",
    ),
    of_outbox("get", lambda o: o.get(key("1"))),
    of_outbox("get", lambda o: o.get(key("4")), case="missing"),
    of_outbox("get_pending", lambda o: o.get_pending(ADA, 2)),
    of_outbox("mark_as_published", lambda o: o.mark_as_published(key("1"))),
    of_outbox("mark_as_published", lambda o: o.mark_as_published(key("4")), case="missing"),
    of_outbox(
        "mark_many_as_published", lambda o: o.mark_many_as_published([key(n) for n in "123"])
    ),
    of_outbox("increment_retry", lambda o: o.increment_retry(key("1"), "no such queue")),
    of_outbox("retry", lambda o: o.retry(key("1")), one_dead),
    of_outbox("retry", lambda o: o.retry(key("1")), case="of what is pending"),
    of_outbox("dead_letters", lambda o: o.dead_letters(9), one_dead),
    of_outbox("cleanup", lambda o: o.cleanup(NOW + timedelta(days=1)), one_published),
    of_outbox("statistics", lambda o: o.statistics(count_published=True), one_published),
)


# What relays work through


def taken(service: Service, owner: str = "relay") -> KeyLease:
    now = service.time.now()
    lease = service.container.relay_queue().take(ADA, owner, now, now + LEASE)
    assert isinstance(lease, KeyLease)
    return lease


def with_lease(service: Service) -> KeyLease:
    three(service)
    return taken(service)


def with_lease_of_another(service: Service) -> None:
    three(service)
    taken(service, "another")


def with_lost_lease(service: Service) -> KeyLease:
    lease = with_lease(service)
    service.time.turn(LEASE.total_seconds())
    taken(service, "another")
    return lease


def pending(service: Service, _: object) -> object:
    found = service.container.relay_queue().pending()
    return [(each.ordering_key, sorted(each.message_ids)) for each in found]


def take(service: Service, _: object) -> object:
    now = service.time.now()
    return service.container.relay_queue().take(ADA, "relay", now, now + LEASE)


def acknowledge(service: Service, lease: KeyLease) -> None:
    done = Acknowledgement(lease=lease, at=NOW, published=[key("1"), key("2")])
    service.container.relay_queue().acknowledge(done).commit()


def fail(service: Service, lease: KeyLease) -> None:
    failed = FailedMessage(key=key("1"), error="no such queue", is_dead=False)
    later = NOW + timedelta(seconds=5)
    done = Acknowledgement(lease=lease, at=NOW, failed=failed, next_attempt=later)
    service.container.relay_queue().acknowledge(done).commit()


def give_back(service: Service, lease: KeyLease) -> None:
    service.container.relay_queue().acknowledge(Acknowledgement(lease=lease, at=NOW)).commit()


def of_queue(name: str, prepare: Any, run: Any, case: str = "") -> UseCase:
    return UseCase(name=f"relay_queue.{name}", case=case, prepare=prepare, run=run)


RELAY_QUEUE = (
    of_outbox("release", lambda o: o.release(ADA), with_lease),
    of_outbox("release", lambda o: o.release(ADA), case="not held"),
    of_queue("pending", three, pending),
    of_queue("take", three, take),
    of_queue("take", with_lease_of_another, take, "held by another"),
    of_queue("read", with_lease, lambda s, lease: s.container.relay_queue().read(lease, "123", 2)),
    of_queue("acknowledge", with_lease, acknowledge),
    of_queue("acknowledge", with_lease, fail, "a failure"),
    of_queue("acknowledge", with_lease, give_back, "nothing"),
    of_queue("acknowledge", with_lost_lease, acknowledge, "too late"),
)


# Relays


def worked(service: Service, report: RelayReport) -> object:
    """What a report tells. What it is not sure of is raised."""
    for reason in report.lost.values():
        raise reason
    return service.publisher.published, report.published, report.failed, report.finished


def patient(service: Service, relay: Any) -> Any:
    """The relay with a pause between its attempts that is worth a third of a lease."""
    relay._sleep = lambda _: service.time.turn(LEASE.total_seconds() / 3)
    return relay


def poll_once(service: Service, _: object) -> object:
    polling = service.container.polling_relay()
    patient(service, polling.relay)
    return worked(service, polling.run_once())


def work(service: Service, _: object) -> object:
    relay = patient(service, service.container.relay())
    return worked(service, relay.work(service.container.relay_queue().pending()))


def poll(service: Service, _: object) -> object:
    """Until there is nothing more. What a round raises is told to the log, and it goes on."""
    polling = service.container.polling_relay()
    patient(service, polling.relay)
    rounds = count()

    def wait(stopping: Event, seconds: float) -> None:
        service.time.turn(LEASE.total_seconds())
        if next(rounds):
            polling.stop()

    polling.wait = wait
    polling.run()
    return service.publisher.published


def follow(service: Service, _: object) -> object:
    """Follows the stream until everything is published, or something fails three times."""
    stream = service.container.stream_relay()
    patient(service, stream.relay)
    failures = count()

    def on_report(_: RelayReport) -> None:
        if len(set(service.publisher.published)) == 3:
            stream.stop()

    def wait(stopping: Event, seconds: float) -> None:
        service.time.turn(LEASE.total_seconds())
        if next(failures) == 2:
            stream.stop()

    stream.wait, stream.on_report = wait, on_report
    stream.run()
    return service.publisher.published


def records(service: Service) -> list[dict[str, Any]]:
    """What AWS Lambda would hand over of three messages."""
    three(service)
    return [
        {
            "eventName": "INSERT",
            "dynamodb": {"SequenceNumber": item["sk"]["S"], "NewImage": item},
        }
        for item in service.tables.items()["outbox"]
        if item["sk"]["S"] != HEAD
    ]


def handle(service: Service, batch: list[dict[str, Any]]) -> object:
    relay = service.container.batch_relay()
    patient(service, relay.relay)
    left = relay.handle(batch)
    if left:
        raise CommitOutcomeUnknown("of a batch that is to be delivered again")
    return service.publisher.published


def everything_is_published(service: Service, _: object, told: Told) -> None:
    """By now, or by a relay that comes later, and in order."""
    with service.undisturbed():
        service.time.turn(2 * LEASE.total_seconds())
        service.container.polling_relay().run_once()
        pending = service.container.outbox().get_pending(ADA, 9).value
    published = list(dict.fromkeys(service.publisher.published))
    assert published == ["1", "2", "3"], f"published: {service.publisher.published}"
    assert not pending, f"pending: {pending}"


of_relay = partial(UseCase, prepare=three, check=everything_is_published)
running = partial(of_relay, tells=False)

RELAYS = (
    of_relay(name="relay.work", run=work),
    of_relay(name="polling_relay.run_once", run=poll_once),
    of_relay(name="batch_relay.handle", prepare=records, run=handle, has_memory=False),
    running(name="polling_relay.run", run=poll),
    running(
        name="stream_relay.run",
        prepare=three_now,
        run=follow,
        is_prepared_anew=True,
        renewed=("outbox", "checkpoints"),
    ),
)


# Subscriptions


def stop_when_idle(stopping: Event, seconds: float) -> None:
    stopping.set()


@contextmanager
def subscribed(service: Service, wait: Wait = stop_when_idle) -> Iterator[Any]:
    subscriptions = evolve(service.container.subscriptions(), wait=wait)
    with subscriptions.subscribe("mailer", Start.CHECKPOINT) as subscription:
        yield subscription


def given(service: Service) -> list[tuple[str, int]]:
    with subscribed(service) as subscription:
        return [(event.stream.id, event.version) for event in subscription]


def subscribe(service: Service, _: object) -> object:
    return given(service)


def two_events_now(service: Service) -> None:
    now(service)
    two_events(service)


def after_the_first(service: Service) -> None:
    """Some events were dealt with, and another one came since."""
    two_events_now(service)
    given(service)
    service.container.event_store().append(STREAM, lines("c"), Loaded(2))


def goes_on(service: Service, _: object, told: Told) -> None:
    """Whoever subscribes later is given what was not dealt with, and the next event."""
    with service.undisturbed():
        service.time.turn(600)
        events = service.container.event_store()
        version = events.version(STREAM).version
        events.append(STREAM, lines("later"), Loaded(version))
        rest = given(service)
    expected = [(STREAM.id, n) for n in range(1, version + 2)]
    assert rest == expected[-len(rest) :], rest
    if told.how == RETURNED:
        assert len(rest) == 1, f"given again: {rest}"


of_subscription = partial(
    UseCase,
    name="subscriptions.subscribe",
    check=goes_on,
    is_prepared_anew=True,
    renewed=("events", "checkpoints"),
)

SUBSCRIPTIONS = (
    of_subscription(case="for the first time", prepare=two_events_now, run=subscribe),
    of_subscription(case="from a checkpoint", prepare=after_the_first, run=subscribe),
)


# Tables


def of_two(service: Service) -> Any:
    """The initializer of one table with a time-to-live and one with a stream."""
    initializer: Any = service.container.table_initializer()
    schemas = service.schemas("inbox", "events")
    return type(initializer)(initializer._gateway, schemas, initializer._capacity)


def gone(service: Service) -> Any:
    for schema in service.schemas("inbox", "events"):
        service.tables.drop(schema)
    return of_two(service)


def create(service: Service, tables: Any) -> object:
    """Which of them this call made is not told for certain where an answer is lost."""
    tables.create_missing(update_existing=True)
    return [(status.state, status.drift) for status in tables.status()]


def claim(service: Service, _: object) -> object:
    pages = Claiming(service.container.units_of_work(), "Person").pages()
    return [(page.seen, page.completed, page.left) for page in pages]


def delete(service: Service, tables: Any) -> object:
    tables.delete_all()
    return [status.state for status in tables.status()]


def can_be_made(service: Service, tables: Any, told: Told) -> None:
    with service.undisturbed():
        tables.create_missing(update_existing=True)
        assert all(not status.drift for status in tables.status())


of_tables = partial(UseCase, check=can_be_made, has_memory=False)

TABLES = (
    of_tables(
        name="table_initializer.create_missing", prepare=gone, is_prepared_anew=True, run=create
    ),
    of_tables(name="table_initializer.status", prepare=of_two, run=lambda _, t: t.status()),
    of_tables(name="table_initializer.delete_all", prepare=of_two, run=delete),
    UseCase(name="tables claim", prepare=ada_before, run=claim, has_memory=False),
)

# Failures

SOURCE = "192.0.2.1"


def count_failure(service: Service, _: object = None) -> None:
    service.container.failure_limiter().count(ADA, SOURCE)


def many_failures(service: Service) -> None:
    for _ in range(3):
        count_failure(service)


def check_failures(service: Service, _: object) -> None:
    service.container.failure_limiter().check(ADA, SOURCE)


def count_mail(service: Service, _: object = None) -> None:
    service.container.mail_limiter().count(ADA, SOURCE)


def much_mail(service: Service) -> None:
    for _ in range(3):
        count_mail(service)


FAILURES = (
    UseCase(name="failure_limiter.count", run=count_failure),
    UseCase(name="failure_limiter.count", case="again", prepare=count_failure, run=count_failure),
    UseCase(name="mail_limiter.count", run=count_mail),
    UseCase(name="mail_limiter.count", case="too much", prepare=much_mail, run=count_mail),
    UseCase(name="failure_limiter.check", prepare=count_failure, run=check_failures),
    UseCase(
        name="failure_limiter.check", case="too many", prepare=many_failures, run=check_failures
    ),
)

USE_CASES = (
    *COMMITS,
    *OF_FUNCTIONS,
    *REQUESTS,
    *EVENT_STORE,
    *TAGGED_EVENTS,
    *OUTBOX,
    *RELAY_QUEUE,
    *RELAYS,
    *SUBSCRIPTIONS,
    *FAILURES,
    *PROJECTIONS,
    *TABLES,
)


# Unique values that others take and free


def take_address(service: Service, email: str) -> str:
    person_id = service.ids.new_id()
    committed(lambda u: u.people.add(new_person(email, id=person_id)))(service, None)
    return person_id


def leave(service: Service, person_id: str) -> None:
    def remove(unit: Unit) -> None:
        person = unit.people.get(person_id)
        person.leave(NOW)
        unit.people.remove(person)

    committed(remove)(service, None)


def ada_by_id(service: Service) -> str:
    ada(service)
    return ADA


CLAIMED = (
    Claimed(
        use_case=of_unit("a person", add_ada, lambda _: ADA),
        at=0,
        take=lambda s: take_address(s, "ada@example.com"),
        free=leave,
        message="PersonRegistered",
    ),
    Claimed(
        use_case=of_unit("an address", changed(_move), ada_by_id),
        at=1,
        take=lambda s: take_address(s, LOVELACE.value),
        free=leave,
        message="EmailChanged",
    ),
)
