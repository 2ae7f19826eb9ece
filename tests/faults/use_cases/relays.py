"""Relays, as the fault matrix calls them."""

from __future__ import annotations

from functools import partial
from itertools import count
from threading import Event
from typing import Any

from application.errors import CommitOutcomeUnknown
from application.relay import RelayReport
from infrastructure.outbox.table import HEAD
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import Told, UseCase
from tests.faults.use_cases.messages import LEASE, ORDERING_KEY, three


def worked(service: Service, report: RelayReport) -> object:
    """What a report tells. What it is not sure of is raised."""
    for reason in report.lost.values():
        raise reason
    return service.publisher.published, report.published, report.failed, report.finished


def patient(service: Service, relay: Any) -> Any:
    """The relay with a pause between its attempts that is worth a third of a lease."""
    relay._sleep = lambda _: service.time.turn(LEASE.total_seconds() / 3)
    return relay


def three_now(service: Service) -> None:
    service.time.start_now()
    three(service)


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
        pending = service.container.outbox().get_pending(ORDERING_KEY, 9).value
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
