"""Names that are stored or signed, as the world out there has them: a change here breaks data."""

from __future__ import annotations

from base64 import b64encode
from gzip import decompress
from hashlib import sha256

import pytest
from pynamodb.models import Model

from application.ports.projection_store import Lifecycle
from infrastructure.aggregates.cursors import Cursors, ListingPosition
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.events import EventModel, PackedCommitModel
from infrastructure.dynamodb.models.failures import FailureModel
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.dynamodb.models.projection_states import ProjectionStateModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.tables.aggregates import KEPT_COMMITS
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from infrastructure.dynamodb.tables.projection_states import DynamoDBHeartbeatTable
from infrastructure.memory.tables.projection_states import MemoryProjectionStateTable
from infrastructure.outbox.inbox import processed_message_key
from infrastructure.outbox.table import HEAD, Queue
from infrastructure.outbox.writer import AGGREGATE_VERSION, message_id
from infrastructure.projections.table import to_record
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner
from tests.failures import limiter
from tests.projections import heartbeats, instance, persist, projection_store
from tests.samples.models import PersonModel
from tests.samples.people import PERSON, PERSON_EMAIL, Badge, Email, Person, new_person
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, sent, unit_with_fixed_ids


def test_tables_that_all_contexts_share_are_these() -> None:
    assert Contexts([]).tables == (
        "events",
        "snapshots",
        "checkpoints",
        "outbox",
        "inbox",
        "failures",
        "tagged-events",
        "tags",
        "projection-states",
    )
    assert set(SHARED) == set(Contexts([]).tables)


def test_attributes_of_a_claim_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in ClaimModel.get_attributes().values()} == {
        "id": "S",
        "owner": "S",
        "commits": "L",
    }


def test_claim_on_an_address_has_this_key() -> None:
    assert PERSON_EMAIL.key("ada@example.com") == "CLAIM#email#ada@example.com"


def test_listing_is_this_index() -> None:
    (index,) = TableSchema(PersonModel, "people").creation(Capacity())["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "listing"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["listShard", "id"]


def test_attributes_of_a_message_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in OutboxModel.get_attributes().values()} == {
        "pk": "S",
        "sk": "S",
        "messageType": "S",
        "destination": "S",
        "payload": "S",
        "headers": "S",
        "aggregateId": "S",
        "aggregateType": "S",
        "correlationId": "S",
        "causationId": "S",
        "createdAt": "S",
        "publishedAt": "S",
        "isPublished": "BOOL",
        "deadLetteredAt": "S",
        "retryCount": "N",
        "lastError": "S",
        "outstanding": "S",
        "commitId": "S",
        "ttl": "N",
    }


def test_attributes_of_a_packed_commit_are_stored_under_these_names_and_types() -> None:
    assert PackedCommitModel.Meta.table_name == EventModel.Meta.table_name
    assert {a.attr_name: a.attr_type for a in PackedCommitModel.get_attributes().values()} == {
        "pk": "S",
        "sk": "N",
        "commitId": "S",
        "commitFirst": "N",
        "commitCount": "N",
        "timestamp": "S",
        "packed": "B",
    }


def test_attributes_of_a_head_are_stored_under_these_names_and_types() -> None:
    assert KeyHeadModel.Meta.table_name == OutboxModel.Meta.table_name
    assert {a.attr_name: a.attr_type for a in KeyHeadModel.get_attributes().values()} == {
        "pk": "S",
        "sk": "S",
        "owner": "S",
        "leaseUntil": "N",
        "token": "N",
        "lastMessageId": "S",
        "attempts": "N",
        "nextAttempt": "N",
        "writtenAt": "N",
        "ttl": "N",
    }


def test_attributes_of_a_processed_message_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in InboxModel.get_attributes().values()} == {
        "id": "S",
        "consumer": "S",
        "messageId": "S",
        "handledAt": "S",
        "commitId": "S",
        "ttl": "N",
        "fingerprint": "S",
        "answer": "B",
    }


def test_attributes_of_failures_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in FailureModel.get_attributes().values()} == {
        "id": "S",
        "failures": "N",
        "ttl": "N",
    }


def test_attributes_of_a_projection_state_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in ProjectionStateModel.get_attributes().values()} == {
        "pk": "S",
        "sk": "S",
        "payloadType": "S",
        "lastPosition": "S",
        "eventsProcessed": "N",
        "safeWindowThreshold": "S",
        "buildSource": "S",
        "buildHost": "S",
        "generation": "N",
        "revision": "N",
        "lifecycle": "S",
        "createdAt": "S",
        "updatedAt": "S",
        "originalSize": "N",
        "compressedSize": "N",
        "offloadKey": "S",
        "offloadProvider": "S",
        "stateData": "B",
        "writeId": "S",
        "ttl": "N",
    }
    assert [each.value for each in Lifecycle] == ["live", "invalidated", "deleted"]


def test_heartbeat_is_stored_as_this_item() -> None:
    door = gateway({})
    heartbeats(DynamoDBHeartbeatTable(door, "projection-states")).beat(instance())

    ((_, request),) = sent(door)
    assert request["Item"] == {
        "pk": {"S": "HEARTBEAT#"},
        "sk": {"S": "roster#1#instance-1"},
        "host": {"S": "host-1"},
        "lastPosition": {"S": "2426155200000000-event-1"},
        "lastSeen": {"N": str(int(NOW.timestamp() * 1000))},
        "ttl": {"N": str(int(NOW.timestamp()) + 60)},
    }


def test_inline_data_of_a_state_is_stored_as_gzip() -> None:
    states = projection_store(table := MemoryProjectionStateTable())
    persist(states, b"data")

    stored = table.read("roster", "1")
    assert stored is not None
    assert decompress(to_record(stored)["stateData"]) == b"data"  # type: ignore[arg-type]  # bytes


def test_failures_of_a_source_at_an_account_have_this_key() -> None:
    door = gateway({"Attributes": {"failures": {"N": "1"}}})
    limiter(DynamoDBFailureTable(door, "failures")).count("ada@example.com", "192.0.2.1")

    keys = [request["Key"]["id"]["S"] for _, request in sent(door)]
    assert keys == [
        sha256(text.encode()).hexdigest()
        for text in (
            "LIMITER/both/ada@example.com/192.0.2.1/3/15/minute",
            "LIMITER/source/192.0.2.1/8/1/hour",
            "LIMITER/account/ada@example.com/4/1/minute",
        )
    ]


def test_table_of_the_outbox_has_these_keys_and_this_index_and_stream() -> None:
    creation = TableSchema(OutboxModel, "outbox").creation(Capacity())
    (index,) = creation["GlobalSecondaryIndexes"]

    assert [key["AttributeName"] for key in creation["KeySchema"]] == ["pk", "sk"]
    assert creation["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert index["IndexName"] == "outstanding"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["outstanding", "pk"]
    assert index["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["createdAt", "retryCount"],
    }


def test_items_of_these_tables_expire_by_this_attribute() -> None:
    models: dict[str, type[Model]] = {**SHARED, "people": PersonModel}
    found = {name: TableSchema(model, name).ttl_attribute for name, model in models.items()}

    assert {name: ttl for name, ttl in found.items() if ttl} == {
        "outbox": "ttl",
        "inbox": "ttl",
        "failures": "ttl",
        "projection-states": "ttl",
    }


def test_head_of_an_ordering_key_has_this_id_and_queues_these_names() -> None:
    assert HEAD == "!head"
    assert [queue.value for queue in Queue] == ["pending", "dead"]


def test_message_of_an_event_has_this_id_and_header() -> None:
    assert message_id(7, 2, "commit-1") == "000000000007-002-commit-1"
    assert AGGREGATE_VERSION == "aggregateVersion"


def test_processed_message_has_this_key() -> None:
    assert processed_message_key("mailer", "message#1") == "mailer#message#1"


def test_registered_person_is_stored_as_these_three_items() -> None:
    door = gateway({})
    unit = unit_with_fixed_ids(DynamoDBProvider(door, TableNames(), {PERSON: PersonModel}))

    unit.people.add(new_person(id="ada"))
    unit.commit()

    ((_, request),) = sent(door)
    payload = (
        b'{"occurred_at":"2046-11-20T12:00:00+00:00","person_id":"ada","email":"ada@example.com",'
        b'"first_name":"Ada","last_name":"Lovelace","role":"member"}'
    )
    assert [item["Put"]["Item"] for item in request["TransactItems"]] == [
        {
            "id": {"S": "ada"},
            "version": {"N": "1"},
            "commits": {"L": [{"S": "commit-1"}]},
            "heldClaims": {"L": [{"S": "CLAIM#email#ada@example.com"}]},
            "listShard": {"S": "PERSON#0"},
            "firstName": {"S": "Ada"},
            "lastName": {"S": "Lovelace"},
            "email": {"S": "ada@example.com"},
            "role": {"S": "member"},
            "isEmailVerified": {"BOOL": False},
            "isBanned": {"BOOL": False},
        },
        {
            "id": {"S": "CLAIM#email#ada@example.com"},
            "owner": {"S": "ada"},
            "commits": {"L": [{"S": "commit-1"}]},
        },
        {
            "pk": {"S": "ada"},
            "sk": {"S": "000000000001-000-commit-1"},
            "messageType": {"S": "PersonRegistered"},
            "destination": {"S": "people"},
            "payload": {"S": b64encode(payload).decode()},
            "headers": {"S": '{"aggregateVersion":"1"}'},
            "aggregateId": {"S": "ada"},
            "aggregateType": {"S": "Person"},
            "createdAt": {"S": NOW.isoformat()},
            "isPublished": {"BOOL": False},
            "retryCount": {"N": "0"},
            "outstanding": {"S": "pending#0"},
            "commitId": {"S": "commit-1"},
        },
    ]


@pytest.mark.parametrize(
    ("person_id", "shard"), [("ada", "PERSON#0"), ("bob", "PERSON#2"), ("ida", "PERSON#1")]
)
def test_person_belongs_to_this_shard_of_three(person_id: str, shard: str) -> None:
    door = gateway({})
    unit = unit_with_fixed_ids(
        DynamoDBProvider(door, TableNames(), {PERSON: PersonModel}, listing_shards=3)
    )

    unit.people.add(new_person(id=person_id))
    unit.commit()

    ((_, request),) = sent(door)
    assert request["TransactItems"][0]["Put"]["Item"]["listShard"] == {"S": shard}


def test_item_keeps_this_many_commits() -> None:
    assert KEPT_COMMITS == 5


def test_timestamps_are_stored_as_this_text() -> None:
    badge = Badge(id="badge-1", code="code", issued_at=NOW, expires_at=NOW)
    person = Person(
        id="ada", first_name="Ada", last_name="Lovelace", email=Email("a@b.example"), badge=badge
    )

    assert PERSON.to_state(person)["badge"]["issued_at"] == "2046-11-20T12:00:00+00:00"
    assert NOW.isoformat() == "2046-11-20T12:00:00+00:00"


def test_cursors_are_signed_for_the_table_of_their_listing() -> None:
    signer = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
    cursor = Cursors(signer).issue("prod-people", ListingPosition("ada", 3))

    assert signer.read("cursor:prod-people", cursor) == {"v": "1", "after": "ada", "shards": "3"}
