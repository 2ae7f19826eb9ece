"""The relay as an AWS Lambda function: recorded stream events in, batch item failures out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve
from moto.events.models import EventPattern
from structlog.testing import capture_logs

from api.bootstrap import start
from api.container import Container
from api.lambdas import outbox_relay
from api.lambdas.outbox_relay import FILTER, handle, handler
from application.errors import ResourceMissing
from application.ports.outbox import MessageKey, StoredMessage
from application.ports.relay_queue import KeyLease
from infrastructure.dynamodb.mappers.outbox import message_of_image
from infrastructure.engines import LocalEngine
from infrastructure.memory.database import MemoryAction
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.outbox import _key
from infrastructure.outbox.table import OUTBOX
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.telemetry import names
from tests.deployed import OWN_KEY
from tests.emf import check
from tests.items import message_model
from tests.outboxes import key, message
from tests.relaying.conftest import ON_EACH_PROVIDER, Service, on_engine, serve
from tests.relaying.destinations import ALWAYS
from tests.relaying.recording import PLAYED, Record, play, record, recorded
from tests.stores import REGION, Store, client_of, dynamodb_store

VOLATILE = {"eventID", "eventVersion", "eventSourceARN", "awsRegion"}
VOLATILE_INSIDE = {"SequenceNumber", "SizeBytes", "ApproximateCreationDateTime"}
"""What differs from one recording to the next one, or from one engine to another."""


@define
class Context:
    """Lambda's context."""

    left: Callable[[], int] = lambda: 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left()


IN_TIME = Context()


def deliver(service: Service, records: Sequence[Record], context: Context = IN_TIME) -> list[str]:
    """Calls the function with a batch; the identifiers that it reports."""
    answer = handle(service.container, {"Records": list(records)}, context)
    assert set(answer) == {"batchItemFailures"}
    assert json.loads(json.dumps(answer)) == answer
    assert all(set(failure) == {"itemIdentifier"} for failure in answer["batchItemFailures"])
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def from_lowest(records: Sequence[Record], failures: Sequence[str]) -> list[Record]:
    """What Lambda delivers again: all records from the lowest failed sequence number on."""
    lowest = min(map(int, failures))
    return [each for each in records if int(each["dynamodb"]["SequenceNumber"]) >= lowest]


def added(service: Service, *names: str) -> list[Record]:
    """Adds messages such as `ada/1`; the records of that, numbered from 101 on."""
    records = []
    for number, name in enumerate(names, 101):
        ordering_key, _, id_ = name.partition("/")
        new = message(id_, ordering_key)
        service.container.outbox().add(new)
        item = message_model(new, outstanding="pending#0", commit_id="commit").serialize()
        images = {
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": item,
            "SequenceNumber": str(number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        records.append({"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": images})
    return records


def accepted(service: Service) -> list[str]:
    """What was published, in that order."""
    return [f"{each.ordering_key}/{each.message_id}" for each in service.destination.accepted]


def stored(service: Service, name: str) -> StoredMessage:
    ordering_key, _, id_ = name.partition("/")
    found: StoredMessage = service.container.outbox().get(MessageKey(ordering_key, id_)).value
    return found


class TestRecordedEvents:
    @pytest.fixture
    def replayed(self, service: Service) -> Service:
        """The service some time after the recorded events happened to it."""
        for each in recorded():
            happen(service.container, each)
        service.clock.moment = PLAYED + timedelta(hours=1)
        return service

    def test_what_became_pending_is_published_once_and_everything_else_passed_over(
        self, replayed: Service
    ) -> None:
        assert deliver(replayed, recorded()) == []
        assert accepted(replayed) == ["ada/0001", "alan/0021", "ada/0002"]
        assert not stored(replayed, "alan/0021").is_pending

    def test_delivered_again_they_publish_nothing(self, replayed: Service) -> None:
        deliver(replayed, recorded())
        replayed.destination.accepted.clear()

        assert deliver(replayed, recorded()) == []
        assert accepted(replayed) == []

    def test_one_failing_in_the_middle_is_reported_with_the_later_ones_of_its_key(
        self, replayed: Service
    ) -> None:
        replayed.destination.refusals = {"0001": 1}
        by_message = {name(each): number(each) for each in recorded() if is_added(each)}

        failures = deliver(replayed, recorded())

        assert failures == [by_message["ada/0001"], by_message["ada/0002"]]
        assert accepted(replayed) == ["alan/0021"]
        replayed.clock.advance(10)
        assert deliver(replayed, from_lowest(recorded(), failures)) == []
        assert accepted(replayed) == ["alan/0021", "ada/0001", "ada/0002"]

    def test_a_retried_dead_letter_that_fails_is_reported_by_each_of_its_records(
        self, replayed: Service
    ) -> None:
        replayed.destination.refusals = {"0021": 1}
        told = [each for each in recorded() if name(each) == "alan/0021"]

        # As it was added, and as it was sent again; not as it was given up.
        assert deliver(replayed, recorded()) == [number(told[0]), number(told[-1])]

    @pytest.mark.parametrize("kept", ["INSERT", "MODIFY", "REMOVE"])
    def test_each_kind_of_event_does_its_part(self, replayed: Service, kept: str) -> None:
        published = {
            "INSERT": ["ada/0001", "alan/0021", "ada/0002"],
            # Counted attempts and marks bring nothing; the dead letter is pending again.
            "MODIFY": ["alan/0021"],
            "REMOVE": [],
        }

        assert deliver(replayed, [e for e in recorded() if e["eventName"] == kept]) == []
        assert accepted(replayed) == published[kept]

    def test_a_removal_by_time_to_live_is_passed_over(self, replayed: Service) -> None:
        (removal,) = [each for each in recorded() if each["eventName"] == "REMOVE"]
        by_service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

        assert deliver(replayed, [{**removal, "userIdentity": by_service}]) == []
        assert accepted(replayed) == []

    def test_the_filter_lets_through_what_is_pending_and_nothing_else(self) -> None:
        records = recorded()

        passed = [each for each in records if passes_filter(each)]

        assert passed == [each for each in records if is_pending(each)]
        assert {each["eventName"] for each in passed} == {"INSERT", "MODIFY"}
        assert 0 < len(passed) < len(records)

    def test_filtered_they_bring_the_same(self, replayed: Service) -> None:
        assert deliver(replayed, [e for e in recorded() if passes_filter(e)]) == []
        assert accepted(replayed) == ["ada/0001", "alan/0021", "ada/0002"]

    def test_recorded_anew_they_are_the_same_and_are_published(self, engine: LocalEngine) -> None:
        store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
        play(store)
        anew = record(store)

        assert by_item(anew) == by_item(recorded())
        service = serve(on_engine(engine.endpoint_url, prefix_of(store)))
        service.clock.moment = PLAYED + timedelta(hours=1)
        assert deliver(service, anew) == []
        assert accepted(service) == ["ada/0001", "alan/0021", "ada/0002"]


@pytest.mark.parametrize("service", ON_EACH_PROVIDER, indirect=True)
class TestBatches:
    def test_each_key_is_published_in_order(self, service: Service) -> None:
        names = ("ada/1", "grace/1", "ada/2", "alan/1", "grace/2", "ada/3")
        records = added(service, *names)

        assert deliver(service, records) == []
        assert sorted(accepted(service)) == sorted(names)
        assert service.destination.ids() == ["1", "2", "3"]
        assert service.destination.ids("grace") == ["1", "2"]
        assert not any(stored(service, name).is_pending for name in names)

    def test_out_of_order_records_of_one_commit_are_published_in_order(
        self, service: Service
    ) -> None:
        records = added(service, "ada/1", "ada/2", "ada/3")

        assert deliver(service, [records[2], records[0], records[1]]) == []
        assert service.destination.ids() == ["1", "2", "3"]

    def test_one_failing_in_the_middle_stops_its_key_and_no_other_one(
        self, service: Service
    ) -> None:
        records = added(service, "ada/1", "grace/1", "ada/2", "alan/1", "ada/3", "grace/2")
        service.destination.refusals = {"2": 1}

        with capture_logs() as lines:
            failures = deliver(service, records)

        assert "message not published" in [line["event"] for line in lines]

        # Two have the id 2: ada's, which is tried first, is refused.
        assert failures == ["103", "105"]
        assert service.destination.ids() == ["1"]
        assert service.destination.ids("grace") == ["1", "2"]
        assert service.destination.ids("alan") == ["1"]
        assert stored(service, "ada/2").retry_count == 1

    def test_all_from_the_lowest_failed_delivered_again_only_what_is_pending_is_published(
        self, service: Service
    ) -> None:
        records = added(service, "ada/1", "grace/1", "ada/2", "grace/2", "alan/1")
        service.destination.refusals = {"1": 1}
        failures = deliver(service, records)
        assert failures == ["101", "103"]
        service.clock.advance(10)

        assert deliver(service, from_lowest(records, failures)) == []
        assert sorted(accepted(service)) == ["ada/1", "ada/2", "alan/1", "grace/1", "grace/2"]

    def test_delivered_again_too_soon_they_fail_without_being_tried(self, service: Service) -> None:
        records = added(service, "ada/1")
        service.destination.refusals = {"1": ALWAYS}
        deliver(service, records)
        service.clock.advance(-1)  # for the pause is anything from 0 seconds on

        assert deliver(service, records) == ["101"]
        assert len(service.destination.tried) == 1

    def test_a_key_that_another_relay_has_is_reported(self, service: Service) -> None:
        records = added(service, "ada/1", "grace/1", "ada/2")
        now = service.clock.now()
        lease = service.container.relay_queue().take(
            "ada", "another", now, now + timedelta(seconds=30)
        )
        assert isinstance(lease, KeyLease)

        assert deliver(service, records) == ["101", "103"]
        assert accepted(service) == ["grace/1"]
        service.clock.advance(30)
        assert deliver(service, records) == []
        assert service.destination.ids() == ["1", "2"]

    def test_what_another_relay_published_meanwhile_is_no_failure(self, service: Service) -> None:
        records = added(service, "ada/1", "ada/2")
        service.container.outbox().mark_as_published(key("1"))

        assert deliver(service, records) == []
        assert accepted(service) == ["ada/2"]

    def test_a_message_that_is_gone_is_no_failure(self, service: Service) -> None:
        records = added(service, "ada/1", "grace/1")
        outbox = service.container.outbox()
        outbox.mark_as_published(key("1"))
        outbox.cleanup(service.clock.now() + timedelta(days=1))

        assert deliver(service, records) == []
        assert accepted(service) == ["grace/1"]

    def test_a_message_that_goes_while_its_key_is_busy_is_no_failure(
        self, service: Service
    ) -> None:
        records = added(service, "ada/1")
        now = service.clock.now()
        service.container.relay_queue().take("ada", "another", now, now + timedelta(seconds=30))
        outbox = service.container.outbox()
        outbox.mark_as_published(key("1"))
        outbox.cleanup(now + timedelta(days=1))

        assert deliver(service, records) == []

    def test_a_message_that_is_given_up_is_no_failure(self, service: Service) -> None:
        with_settings(service, relay_attempts=1)
        records = added(service, "ada/1", "ada/2")
        service.destination.refusals = {"1": ALWAYS}

        assert deliver(service, records) == []
        assert accepted(service) == ["ada/2"]
        assert stored(service, "ada/1").dead_lettered_at is not None

    def test_of_more_messages_than_are_published_in_one_go_none_is_left(
        self, service: Service
    ) -> None:
        with_settings(service, relay_batch_size=2)
        names = [f"ada/{n}" for n in range(1, 8)]

        assert deliver(service, added(service, *names)) == []
        assert accepted(service) == names

    def test_dead_letters_sent_again_are_all_published_however_many(self, service: Service) -> None:
        with_settings(service, relay_batch_size=2, relay_attempts=1)
        names = [f"ada/{n}" for n in range(1, 8)]
        records = added(service, *names)
        service.destination.refusals = dict.fromkeys("1234567", 1)
        deliver(service, records)
        for name in names:
            service.container.outbox().retry(stored(service, name).key)

        assert deliver(service, records) == []
        assert accepted(service) == names

    def test_an_empty_batch_has_no_failures(self, service: Service) -> None:
        assert deliver(service, []) == []

    def test_out_of_time_nothing_more_is_sent_and_the_rest_is_reported(
        self, service: Service
    ) -> None:
        records = added(service, "ada/1", "grace/1", "ada/2", "alan/1")
        left = iter([60_000])

        failures = deliver(service, records, Context(lambda: next(left, 1_000)))

        assert failures == ["102", "103", "104"]
        assert accepted(service) == ["ada/1"]
        assert not stored(service, "ada/1").is_pending
        # Nobody holds any of the keys.
        assert deliver(service, from_lowest(records, failures)) == []
        assert accepted(service)[1:] == ["grace/1", "ada/2", "alan/1"]

    def test_without_any_time_everything_is_reported(self, service: Service) -> None:
        records = added(service, "ada/1", "grace/1")

        assert deliver(service, records, Context(lambda: 4_999)) == ["101", "102"]
        assert accepted(service) == []


@pytest.mark.parametrize("service", ON_EACH_PROVIDER, indirect=True)
class TestSchedules:
    @pytest.mark.parametrize("event", [{}, {"source": "aws.events", "detail-type": "Scheduled"}])
    def test_they_publish_what_is_pending_and_tell_how_much(
        self, service: Service, event: dict[str, Any]
    ) -> None:
        added(service, "ada/1", "ada/2", "grace/1", "alan/1")
        service.destination.refusals = {"2": 1}

        assert handle(service.container, event, IN_TIME) == {"published": 3, "failed": 1}
        service.clock.advance(10)
        assert handle(service.container, event, IN_TIME) == {"published": 1, "failed": 0}
        assert service.destination.ids() == ["1", "2"]

    def test_out_of_time_they_begin_nothing_more(self, service: Service) -> None:
        added(service, "ada/1", "grace/1")
        left = iter([60_000])
        late = Context(lambda: next(left, 0))

        assert handle(service.container, {}, late) == {"published": 1, "failed": 0}


def test_a_store_that_fails_is_an_error_so_that_all_is_delivered_again(
    engine: LocalEngine,
) -> None:
    without_tables = serve(on_engine(engine.endpoint_url, "nowhere-"))

    with pytest.raises(ResourceMissing):
        deliver(without_tables, recorded())


@pytest.mark.usefixtures("moto_client")
def test_the_handler_makes_its_container_once_by_the_settings_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Container] = []

    def watched_start() -> Container:
        started.append(start())
        return started[-1]

    outbox_relay._container.cache_clear()
    monkeypatch.setattr(outbox_relay, "start", watched_start)
    monkeypatch.setenv("DYNASTRATA_PROVIDER", "dynamodb")
    monkeypatch.setenv("DYNASTRATA_SIGNING_KEY", OWN_KEY)
    monkeypatch.setenv("DYNASTRATA_REGION", REGION)
    monkeypatch.setenv("DYNASTRATA_RELAY_ATTEMPTS", "7")
    start().table_initializer().create_missing()
    try:
        assert handler({}, IN_TIME) == {"published": 0, "failed": 0}
        assert handler({"Records": recorded()}, IN_TIME) == {"batchItemFailures": []}
    finally:
        outbox_relay._container.cache_clear()

    assert [each.settings().relay_attempts for each in started] == [7]


def test_where_nobody_could_deliver_records_the_function_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outbox_relay._container.cache_clear()
    monkeypatch.setenv("DYNASTRATA_PROVIDER", "memory")
    with pytest.raises(SettingsError, match=r"^provider: memory has no stream"):
        handler({}, IN_TIME)


class TestMetrics:
    @pytest.fixture
    def service(self) -> Service:
        return serve(Settings(environment="test", metrics="emf"))

    def test_are_written_at_the_end_of_each_call_for_cloudwatch(
        self, service: Service, capsys: pytest.CaptureFixture[str]
    ) -> None:
        added(service, "ada/1", "ada/2")

        handle(service.container, {}, IN_TIME)

        documents = written(capsys)
        [pending] = [d for d in documents if names.OUTBOX_PENDING in d]
        sent = [d[names.SENT_MESSAGES] for d in documents if names.SENT_MESSAGES in d]
        assert pending[names.OUTBOX_PENDING] == 2
        assert sent == [2]

    def test_of_one_call_are_not_written_by_the_next_one(
        self, service: Service, capsys: pytest.CaptureFixture[str]
    ) -> None:
        added(service, "ada/1")
        handle(service.container, {}, IN_TIME)
        written(capsys)

        handle(service.container, {}, IN_TIME)

        documents = written(capsys)
        assert not any(names.SENT_MESSAGES in document for document in documents)
        assert [d[names.OUTBOX_PENDING] for d in documents if names.OUTBOX_PENDING in d] == [0]

    def test_of_a_call_that_fails_are_written_too(
        self, service: Service, capsys: pytest.CaptureFixture[str]
    ) -> None:
        added(service, "ada/1")

        def broken(_: object) -> None:
            raise ZeroDivisionError

        service.destination.on_message = broken
        with pytest.raises(ZeroDivisionError):
            handle(service.container, {}, IN_TIME)

        assert written(capsys)

    def test_are_not_written_unless_they_are_asked_for(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        service = serve(Settings(environment="test"))
        added(service, "ada/1")

        with capture_logs():
            handle(service.container, {}, IN_TIME)

        assert capsys.readouterr().out == ""


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The documents on standard output, between lines of the log."""
    lines = capsys.readouterr().out.splitlines()
    documents = [json.loads(line) for line in lines if line.startswith("{")]
    for document in documents:
        check(document)
    return documents


def happen(container: Container, told: Record) -> None:
    """Brings the store to where a record says that the item is then."""
    images = told["dynamodb"]
    store, new = container.store(), images.get("NewImage")
    if not isinstance(store, MemoryProvider):
        table = store.tables.physical(OUTBOX)
        if new is None:
            store.gateway.call("DeleteItem", {"TableName": table, "Key": images["Keys"]})
        else:
            store.gateway.call("PutItem", {"TableName": table, "Item": new})
        return
    before = message_of_image(new or images["OldImage"])
    if before is not None:  # heads look otherwise there
        record_ = None if new is None else {"message": before}
        store.database.apply([MemoryAction(OUTBOX, _key(before.key), record_)])


def with_settings(service: Service, **changes: Any) -> None:
    service.container.settings.override(evolve(service.container.settings(), **changes))


def by_item(records: Sequence[Record]) -> dict[str, list[Record]]:
    """What happened to each item, in order, without what differs every time."""
    found: dict[str, list[Record]] = {}
    for each in records:
        inside = {k: v for k, v in each["dynamodb"].items() if k not in VOLATILE_INSIDE}
        for image in ("NewImage", "OldImage"):
            if "commitId" in inside.get(image, {}):
                inside[image] = {**inside[image], "commitId": {"S": "…"}}
        shape = {k: v for k, v in each.items() if k not in VOLATILE}
        assert shape.keys() | VOLATILE == each.keys()
        assert inside.keys() | VOLATILE_INSIDE == each["dynamodb"].keys()
        found.setdefault(name(each), []).append({**shape, "dynamodb": inside})
    return found


def name(told: Record) -> str:
    keys = told["dynamodb"]["Keys"]
    return f"{keys['pk']['S']}/{keys['sk']['S']}"


def number(told: Record) -> str:
    return str(told["dynamodb"]["SequenceNumber"])


def is_added(told: Record) -> bool:
    return bool(told["eventName"] == "INSERT")


def passes_filter(told: Any) -> bool:
    """Whether AWS would hand the record over, by the filter pattern."""
    return bool(EventPattern.load(FILTER).matches_event(told))


def is_pending(told: Record) -> bool:
    """Whether the record's new image is a message that is pending."""
    new = told["dynamodb"].get("NewImage")
    found = None if new is None else message_of_image(new)
    return found is not None and found.is_pending


def prefix_of(store: Store) -> str:
    return store.table(OUTBOX).removesuffix(OUTBOX)
