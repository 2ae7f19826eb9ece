"""The reference pages say what the code says: settings, tables, costs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from pynamodb.attributes import Attribute

from api.lambdas.outbox_relay import FILTER
from application.retry_on_conflict import MAX_ATTEMPTS
from domain.consistency import StreamId
from domain.tagged_events import Position, Tag
from infrastructure.blobs.keys import blob_key
from infrastructure.contexts.registered import REGISTERED
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.projection_states import to_heartbeat
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.checkpoints import CheckpointModel
from infrastructure.dynamodb.models.events import EventModel, PackedCommitModel
from infrastructure.dynamodb.models.failures import FailureModel
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.dynamodb.models.projection_states import HeartbeatModel, ProjectionStateModel
from infrastructure.dynamodb.models.snapshots import SnapshotModel
from infrastructure.dynamodb.models.tagged_events import GuardModel, TaggedEventModel, TagRowModel
from infrastructure.dynamodb.models.users import SessionAttribute, UserModel
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.tables.aggregates import KEPT_COMMITS
from infrastructure.dynamodb.transaction.transaction import TOKEN_SECONDS
from infrastructure.engines import LocalEngine
from infrastructure.events.streams import stream_key
from infrastructure.limits import MAX_ACTIONS, MAX_BYTES, MAX_ITEM
from infrastructure.migration.claims.claim_keys import claim_key
from infrastructure.migration.models import ClaimModel as MigrationClaimModel
from infrastructure.outbox.table import HEAD
from infrastructure.outbox.writer import message_id
from infrastructure.projections.runner import projector_key
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.event_subscription import subscription_key
from infrastructure.tagged_events.keys import EVERYTHING, EventKeys, tag_guard, type_guard
from infrastructure.tagged_events.table import GUARD
from scripts import measure_costs
from scripts import write_configuration_reference as configuration
from tests.markdown import GUIDES, README, Row, prose, table
from tests.projections import instance
from tests.samples.projectors import TALLY
from tests.stores import Store, dynamodb_store
from tests.times import NOW
from tests.users.samples import new_user

COMMITS = GUIDES / "commits.md"
SCHEMAS = GUIDES / "table-schemas.md"
USERS = TableSchema(UserModel, "users").creation(Capacity())


def test_the_configuration_reference_is_current() -> None:
    assert configuration.main(["--check"]) == 0, "run what it printed"


def test_a_configuration_reference_that_is_not_current_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = tmp_path / "configuration.md"
    guide.write_text(configuration.GUIDE.read_text().replace("`us-east-1`", "`eu-north-1`"))
    monkeypatch.setattr(configuration, "GUIDE", guide)

    assert configuration.main(["--check"]) == 1
    assert configuration.main([]) == 0
    assert configuration.main(["--check"]) == 0
    assert "eu-north-1" not in guide.read_text()


def attributes(container: Any) -> list[Row]:
    """The attributes of a model as the guide lists them, but for their meaning."""
    found: list[Attribute[Any]] = list(container.get_attributes().values())
    return by_name(
        {
            "attribute": attribute.attr_name,
            "type": attribute.attr_type,
            "always there": "no" if attribute.null else "yes",
        }
        for attribute in found
    )


def by_name(rows: Iterable[Row]) -> list[Row]:
    return sorted(
        ({k: v for k, v in row.items() if k != "meaning"} for row in rows),
        key=lambda row: str(row["attribute"]),
    )


def keys(key_schema: list[dict[str, str]], creation: Any = None) -> list[Row]:
    definitions = (creation or USERS)["AttributeDefinitions"]
    types = {a["AttributeName"]: a["AttributeType"] for a in definitions}
    return [
        {
            "key": key["KeyType"].lower(),
            "attribute": key["AttributeName"],
            "type": types[key["AttributeName"]],
        }
        for key in key_schema
    ]


@pytest.mark.parametrize(
    ("heading", "container"),
    [
        ("User", UserModel),
        ("Session", SessionAttribute),
        ("Claim", ClaimModel),
        ("Event", EventModel),
        ("Packed commit", PackedCommitModel),
        ("Snapshot", SnapshotModel),
        ("Checkpoint", CheckpointModel),
        ("Message", OutboxModel),
        ("Head", KeyHeadModel),
        ("Processed message", InboxModel),
        ("Failures", FailureModel),
        ("Tagged event", TaggedEventModel),
        ("Guard", GuardModel),
        ("Row", TagRowModel),
        ("Projection state", ProjectionStateModel),
        ("Migration claim", MigrationClaimModel),
        ("Heartbeat", HeartbeatModel),
    ],
)
def test_attributes_are_those_of_the_model(heading: str, container: Any) -> None:
    assert by_name(table(SCHEMAS, heading)) == attributes(container)


def test_keys_are_those_that_the_table_is_made_with() -> None:
    (listing,) = USERS["GlobalSecondaryIndexes"]
    assert table(SCHEMAS, "Table `users`") == keys(USERS["KeySchema"])
    assert table(SCHEMAS, "Index `listing`") == keys(listing["KeySchema"])
    assert listing["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_keys_of_events_are_those_that_the_table_is_made_with() -> None:
    created = TableSchema(EventModel, "events").creation(Capacity())
    assert table(SCHEMAS, "Table `events`") == keys(created["KeySchema"], created)
    assert created["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"


def test_keys_of_messages_are_those_that_the_table_is_made_with() -> None:
    schema = TableSchema(OutboxModel, "outbox")
    created = schema.creation(Capacity())
    (index,) = created["GlobalSecondaryIndexes"]
    assert table(SCHEMAS, "Table `outbox`") == keys(created["KeySchema"], created)
    assert table(SCHEMAS, "Index `outstanding`") == keys(index["KeySchema"], created)
    assert index["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["createdAt", "retryCount"],
    }
    assert "Besides the keys, `createdAt` and `retryCount` are projected" in words(SCHEMAS)
    assert (schema.stream_view, schema.ttl_attribute) == ("NEW_AND_OLD_IMAGES", "ttl")
    assert "Its stream shows new and old images. Its time-to-live attribute is `ttl`" in words(
        SCHEMAS
    )


@pytest.mark.parametrize(
    ("name", "model", "projection"),
    [("tagged-events", TaggedEventModel, "ALL"), ("tags", GuardModel, "KEYS_ONLY")],
)
def test_keys_of_tagged_events_are_those_that_the_tables_are_made_with(
    name: str, model: Any, projection: str
) -> None:
    created = TableSchema(model, name).creation(Capacity())
    (index,) = created["GlobalSecondaryIndexes"]
    assert table(SCHEMAS, f"Table `{name}`") == keys(created["KeySchema"], created)
    shown = table(SCHEMAS, f"Index `{index['IndexName']}`")
    assert shown == keys(index["KeySchema"], created)
    assert index["Projection"] == {"ProjectionType": projection}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("inbox", InboxModel),
        ("failures", FailureModel),
        ("projection-states", ProjectionStateModel),
    ],
)
def test_keys_of_these_are_those_that_the_table_is_made_with(name: str, model: Any) -> None:
    schema = TableSchema(model, name)
    created = schema.creation(Capacity())
    assert table(SCHEMAS, f"Table `{name}`") == keys(created["KeySchema"], created)
    assert (schema.stream_view, schema.ttl_attribute) == (None, "ttl")


def test_the_table_has_neither_a_stream_nor_a_time_to_live() -> None:
    schema = TableSchema(UserModel, "users")
    assert (schema.stream_view, schema.ttl_attribute) == (None, None)
    assert "has neither a stream nor a time-to-live" in words(SCHEMAS)


def test_stored_items_are_as_the_guide_shows_them(moto_client: Client) -> None:
    store = dynamodb_store("moto", moto_client, contexts=REGISTERED)
    with store.unit_of_work() as unit:
        unit.users.add(new_user("ada@example.com"))
        unit.commit()
    with store.unit_of_work() as unit:
        unit.inbox.remember("mailer", "7", NOW)
        unit.commit()
    claim, user = sorted(stored_in(store, "users"), key=len)
    (message,), (processed,) = stored_in(store, "outbox"), stored_in(store, "inbox")
    formats = [row["example"] for row in table(SCHEMAS, "Key formats")]
    assert formats == [
        claim["id"]["S"],
        user["listShard"]["S"],
        stream_key(StreamId("Order", "7")),
        subscription_key("events", "mailer"),
        projector_key(evolve(TALLY, name="roster")),
        message_id(3, 0, "01a1fac2-989e-74d1-a872-6f659efbd0fb"),
        message["outstanding"]["S"],
        HEAD,
        processed["id"]["S"],
        KEYS.event("018f-7"),
        KEYS.index(POSITION),
        str(POSITION),
        KEYS.guard(tag_guard(Tag("course:algebra"))),
        KEYS.guard(type_guard("InvoiceIssued")),
        KEYS.guard(EVERYTHING),
        GUARD,
        claim_key("Members", {"email": {"S": "ada@example.com"}}),
        to_heartbeat(instance(), NOW).sk,
        blob_key("roster/1", sha256(b"").hexdigest()),
    ]
    # Of what a message may have, this one has what pending messages of events have.
    message = {k: v for k, v in message.items() if k not in PENDING_EVENTS_HAVE}
    shown_items = [
        ("User", user),
        ("Claim", claim),
        ("Message", message),
        ("Processed message", processed),
    ]
    for heading, item in shown_items:
        always = [r for r in table(SCHEMAS, heading) if r["always there"] == "yes"]
        shown = {row["attribute"]: row["type"] for row in always}
        assert shown == {name: next(iter(value)) for name, value in item.items()}


KEYS, POSITION = EventKeys(), Position.of(1_700_000_000_000_000, "018f-7")
PENDING_EVENTS_HAVE = {"aggregateId", "aggregateType", "outstanding"}


def stored_in(store: Store, logical: str) -> list[Item]:
    """Every item of a table."""
    items: list[Item] = store.gateway.call("Scan", {"TableName": store.table(logical)})["Items"]
    return items


@cache
def _measured(endpoint_url: str) -> measure_costs.Costs:
    return measure_costs.measure(endpoint_url)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("document", "heading"),
    [
        (README, "What it costs"),
        (GUIDES / "costs.md", "Operations on users"),
        (GUIDES / "costs.md", "Operations on streams"),
        (GUIDES / "costs.md", "Operations on packed streams"),
        (GUIDES / "costs.md", "Operations on tagged events"),
        (GUIDES / "costs.md", "Operations on messages"),
    ],
    ids=["README.md", "users", "streams", "packed streams", "tagged events", "messages"],
)
def test_costs_are_those_that_are_measured(
    document: Path, heading: str, ministack: LocalEngine
) -> None:
    measured = _measured(ministack.endpoint_url)
    shown = table(document, heading)
    assert shown == [
        {
            "operation": row["operation"],
            "requests": str(measured[row["operation"]].requests),
            "read units": f"{measured[row['operation']].read_units:g}",
            "write units": f"{measured[row['operation']].write_units:g}",
        }
        for row in shown
    ]


def test_the_filter_of_the_relay_for_lambda_is_that_of_the_code() -> None:
    assert f"Pattern: '{FILTER}'" in (GUIDES / "outbox.md").read_text()


def test_figures_in_the_guides_are_those_of_the_code() -> None:
    assert (MAX_ACTIONS, MAX_BYTES, MAX_ITEM) == (100, 4 * 1024**2, 400 * 1024)
    assert "100 actions, 4 MB, or 400 KB an item" in words(COMMITS)
    assert (Settings().retry_attempts, Settings().call_deadline_seconds) == (4, 30)
    assert "up to four times within about thirty seconds" in words(COMMITS)
    assert TOKEN_SECONDS == 10 * 60
    assert "for ten minutes the service answers" in words(COMMITS)
    assert KEPT_COMMITS == 5
    assert "an aggregate's item keeps the last five" in words(COMMITS)
    assert "newest first, at most five" in words(SCHEMAS)
    assert MAX_ATTEMPTS == 10
    assert "gives up after ten rounds" in words(COMMITS)


def words(document: Path) -> str:
    """What a document says, whatever its line breaks."""
    return " ".join(prose(document).split())
