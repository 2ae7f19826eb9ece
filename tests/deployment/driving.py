"""Runs use cases on an engine, and tells what they ask of AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from attrs import evolve, frozen

from api.cli import events, outbox, projections, tables
from api.cli.failing import ExitCode
from application.errors import CommitOutcomeUnknown
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.gateway.gateway import WRITES
from infrastructure.dynamodb.transaction.transaction import TOKEN_SECONDS
from infrastructure.engines import LocalEngine
from tests import commands
from tests.blobs import new_bucket, s3_client
from tests.deployment.recording import Access, Recorder
from tests.faults.matrix import overtaken
from tests.faults.matrix.beginning import begin
from tests.faults.matrix.network import FAULTS, Trouble
from tests.faults.matrix.service import Configure, Service, service_on
from tests.faults.matrix.use_cases import UseCase, told_by
from tests.faults.use_cases.commits import add_everything
from tests.messaging import Cloud
from tests.samples.contexts import Unit
from tests.stores import REGION

ACCOUNT = "000000000000"
"""That of the local engines."""

LOST, ANSWER_LOST = (
    next(fault for fault in FAULTS if fault.kind == kind) for kind in ("lost", "answer lost")
)


@frozen(kw_only=True)
class Driven:
    """A service on an engine, with a bucket and real destinations, and who listens to it."""

    service: Service
    recorder: Recorder

    def asked_by(self, use_case: UseCase) -> set[Access]:
        """What it asks for: undisturbed, after lost answers, and when others commit meanwhile."""
        service = self.service
        use_case, asked = self._heard(use_case)
        for at, request in enumerate(self._sent(use_case)):
            if request.operation not in WRITES:
                continue
            self._run(use_case, Trouble(at=at, fault=ANSWER_LOST))
            for other in use_case.others.values():
                overtaken._run(service, use_case, other, at, Trouble(at=at, fault=LOST))
        service.network.reset()
        return asked

    def asked_undisturbed(self, use_case: UseCase) -> set[Access]:
        """What it asks for on a network that is well."""
        use_case, asked = self._heard(use_case)
        self._run(use_case)
        return asked

    def asked_by_resuming(self) -> set[Access]:
        """What a commit asks for whose token the service has forgotten."""
        commit = UseCase(name="unit_of_work.commit", run=lambda s, _: _commit(s, add_everything))
        operations = [request.operation for request in self._sent(commit)]
        lost = Trouble(at=operations.index("TransactWriteItems"), fault=LOST, lasting=True)
        resumed = evolve(commit, run=lambda s, _: _resume(s, lost))
        return self.asked_undisturbed(resumed)

    def _sent(self, use_case: UseCase) -> tuple[Any, ...]:
        self._run(use_case)
        return tuple(self.service.network.sent)

    def _run(self, use_case: UseCase, *troubles: Trouble) -> None:
        prepared = begin(self.service, use_case)
        self.service.network.troubles = troubles
        told_by(self.service, use_case, prepared)

    def _heard(self, use_case: UseCase) -> tuple[UseCase, set[Access]]:
        """The same use case, and what is asked for while it runs: nothing that prepares it."""
        asked: set[Access] = set()

        def run(service: Service, prepared: Any) -> object:
            with self.recorder.listening() as accesses:
                try:
                    return use_case.run(service, prepared)
                finally:
                    asked.update(accesses)

        return evolve(use_case, run=run), asked


def driven(engine: LocalEngine, contexts: Contexts, configure: Configure) -> Iterator[Driven]:
    """A service on an engine, to be driven. Its tables are removed in the end."""
    places = destinations(engine)
    bucket = new_bucket(s3_client(engine.endpoint_url))
    recorder = Recorder(REGION, ACCOUNT)
    for service in service_on(
        engine,
        contexts,
        configure,
        blob_store="s3",
        blob_bucket=bucket,
        destinations=places,
        streams_poll_interval_ms=10,
        read_timeout_seconds=10,  # a relay's lease must be longer than that
        transport="sdk",  # whose events tell what is asked for
    ):
        adapters: Any = service.container.adapters()
        blobs: Any = service.container.blob_store()
        clients = [adapters.gateway._client, adapters._streams._client, blobs._client]
        with real_publishers(service):
            publishers: Mapping[str, Any] = service.container.publishers()
        clients += [publishers[name].publisher.sender.client for name in places]
        for client in clients:
            recorder.attach(client)
        yield Driven(service=service, recorder=recorder)


def destinations(engine: LocalEngine) -> dict[str, str]:
    """A queue, a topic and a bus, by the logical names of destinations."""
    cloud = Cloud(engine)
    bus = "test-bus"
    with suppress(cloud.client("events").exceptions.ResourceAlreadyExistsException):
        cloud.client("events").create_event_bus(Name=bus)
    return {
        "people": f"sqs:{cloud.queue().url}",
        "numbers": f"sns:{cloud.topic()}",
        "audit": f"eventbridge:{bus}",
    }


@contextmanager
def real_publishers(service: Service) -> Iterator[None]:
    """Messages go to the destinations that the settings name."""
    publishers = service.container.publishers
    kept = publishers.overridden[-1]
    publishers.reset_last_overriding()
    try:
        yield
    finally:
        publishers.override(kept)


@contextmanager
def commands_of(service: Service) -> Iterator[None]:
    """Commands work in the container of the service."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (events, outbox, projections, tables):
            patch.setattr(module, "start", lambda: service.container)
        yield


def command(*arguments: str) -> Any:
    """Runs a command in the container of the service; it has to succeed."""

    def run(service: Service, _: object) -> str:
        with commands_of(service):
            result = commands.run(*arguments)
        assert result.exit_code in {ExitCode.OK, ExitCode.DRIFT}, result.output
        return str(result.stdout)

    return run


def _commit(service: Service, change: Any) -> None:
    with service.container.unit_of_work() as unit:
        change(unit)
        unit.commit()


def _resume(service: Service, lost: Trouble) -> None:
    with service.container.unit_of_work() as container_unit:
        unit: Unit = container_unit
        add_everything(unit)
        resume(service, unit.commit, lost)
        unit.rollback()


def resume(service: Service, commit: Callable[[], None], lost: Trouble) -> None:
    """Commits what is lost, and once more when its token is forgotten."""
    service.network.troubles = (lost,)
    with pytest.raises(CommitOutcomeUnknown):
        commit()
    service.network.troubles = ()
    service.time.turn(TOKEN_SECONDS + 60)
    with pytest.raises(CommitOutcomeUnknown):
        commit()
