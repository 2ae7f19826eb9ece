"""Names that are stored or signed, as the world out there has them: a change here breaks data."""

from __future__ import annotations

from base64 import b64encode

import pytest
from pynamodb.models import Model

from application.orders.integration_events import ORDER_INTEGRATION_EVENTS
from application.users.integration_events import USER_INTEGRATION_EVENTS
from application.users.tokens import RefreshClaims, UserTokens
from infrastructure.aggregates.cursors import Cursors, ListingPosition
from infrastructure.contexts.registered import REGISTERED
from infrastructure.contexts.users import USER, USER_EMAIL
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.dynamodb.models.users import SessionAttribute, UserModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.tables.aggregates import KEPT_COMMITS
from infrastructure.outbox.inbox import processed_message_key
from infrastructure.outbox.table import HEAD, Queue
from infrastructure.outbox.writer import AGGREGATE_VERSION, message_id
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.ids import RandomIds
from infrastructure.system.tokens import JwtSigner
from infrastructure.unit_of_work import TableUnitOfWork
from tests.stores import Store
from tests.unit.domain.known_users import signed_in
from tests.unit.dynamodb.scripted import gateway, sent
from tests.users import NOW, new_user


class FixedIds(RandomIds):
    """The id of every commit is `commit-1`."""

    def new_id(self) -> str:
        return "commit-1"


def test_tables_are_these() -> None:
    assert REGISTERED.tables == ("users", "events", "snapshots", "checkpoints", "outbox", "inbox")
    assert USER.table == "users"
    assert UserModel.Meta.table_name == "users"
    assert set(SHARED) == set(REGISTERED.tables) - {"users"}


def test_attributes_of_a_user_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in UserModel.get_attributes().values()} == {
        "id": "S",
        "version": "N",
        "commits": "L",
        "listShard": "S",
        "firstName": "S",
        "lastName": "S",
        "email": "S",
        "passwordHash": "S",
        "role": "S",
        "isEmailVerified": "BOOL",
        "isBanned": "BOOL",
        "session": "M",
    }


def test_attributes_of_a_session_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in SessionAttribute.get_attributes().values()} == {
        "id": "S",
        "tokenHash": "S",
        "previousTokenHash": "S",
        "rotatedAt": "S",
        "expiresAt": "S",
    }


def test_attributes_of_a_claim_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in ClaimModel.get_attributes().values()} == {
        "id": "S",
        "owner": "S",
        "commits": "L",
    }


def test_claim_on_an_address_has_this_key() -> None:
    assert USER_EMAIL.key("ada@example.com") == "CLAIM#email#ada@example.com"


def test_listing_is_this_index() -> None:
    (index,) = TableSchema(UserModel, "users").creation(Capacity())["GlobalSecondaryIndexes"]

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
    }


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
    models: dict[str, type[Model]] = {**SHARED, "users": UserModel}
    found = {name: TableSchema(model, name).ttl_attribute for name, model in models.items()}

    assert {name: ttl for name, ttl in found.items() if ttl} == {"outbox": "ttl", "inbox": "ttl"}


def test_head_of_an_ordering_key_has_this_id_and_queues_these_names() -> None:
    assert HEAD == "!head"
    assert [queue.value for queue in Queue] == ["pending", "dead"]


def test_message_of_an_event_has_this_id_and_header() -> None:
    assert message_id(7, 2, "commit-1") == "000000000007-002-commit-1"
    assert AGGREGATE_VERSION == "aggregateVersion"


def test_processed_message_has_this_key() -> None:
    assert processed_message_key("mailer", "message#1") == "mailer#message#1"


def test_events_leave_as_messages_of_these_types_for_these_destinations() -> None:
    declared = {
        (t.event.__name__, t.name, t.destination)
        for t in USER_INTEGRATION_EVENTS + ORDER_INTEGRATION_EVENTS
    }

    assert declared == {
        *((name, name, "users") for name in ("UserRegistered", "UserRemoved")),
        *((name, name, "users") for name in ("EmailVerified", "EmailChanged")),
        *((name, name, "users") for name in ("UserBanned", "UserUnbanned")),
        *((name, name, "orders") for name in ("OrderPlaced", "OrderPaid", "OrderCancelled")),
    }


def test_registered_user_is_stored_as_these_three_items() -> None:
    door = gateway({})
    unit = _unit_of_work(DynamoDBProvider(door, TableNames(), {USER: UserModel}))

    unit.users.add(new_user(id="ada"))
    unit.commit()

    ((_, request),) = sent(door)
    payload = (
        b'{"occurred_at":"2046-11-20T12:00:00+00:00","user_id":"ada","email":"ada@example.com",'
        b'"first_name":"Ada","last_name":"Lovelace","role":"member"}'
    )
    assert [item["Put"]["Item"] for item in request["TransactItems"]] == [
        {
            "id": {"S": "ada"},
            "version": {"N": "1"},
            "commits": {"L": [{"S": "commit-1"}]},
            "listShard": {"S": "USER#0"},
            "firstName": {"S": "Ada"},
            "lastName": {"S": "Lovelace"},
            "email": {"S": "ada@example.com"},
            "passwordHash": {"S": "not-a-real-hash"},
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
            "messageType": {"S": "UserRegistered"},
            "destination": {"S": "users"},
            "payload": {"S": b64encode(payload).decode()},
            "headers": {"S": '{"aggregateVersion":"1"}'},
            "aggregateId": {"S": "ada"},
            "aggregateType": {"S": "User"},
            "createdAt": {"S": NOW.isoformat()},
            "isPublished": {"BOOL": False},
            "retryCount": {"N": "0"},
            "outstanding": {"S": "pending#0"},
            "commitId": {"S": "commit-1"},
        },
    ]


@pytest.mark.parametrize(
    ("user_id", "shard"), [("ada", "USER#0"), ("bob", "USER#2"), ("ida", "USER#1")]
)
def test_user_belongs_to_this_shard_of_three(user_id: str, shard: str) -> None:
    door = gateway({})
    unit = _unit_of_work(DynamoDBProvider(door, TableNames(), {USER: UserModel}, listing_shards=3))

    unit.users.add(new_user(id=user_id))
    unit.commit()

    ((_, request),) = sent(door)
    assert request["TransactItems"][0]["Put"]["Item"]["listShard"] == {"S": shard}


def test_item_keeps_this_many_commits() -> None:
    assert KEPT_COMMITS == 5


def test_timestamps_are_stored_as_this_text() -> None:
    session = USER.to_state(signed_in())["session"]

    assert session["rotated_at"] == "2046-11-20T12:00:00+00:00"
    assert NOW.isoformat() == session["rotated_at"]


def test_tokens_are_signed_for_these_purposes() -> None:
    signer = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
    tokens = UserTokens(signer)
    user = new_user(id="ada")
    issued = {
        "access": tokens.access(user),
        "refresh": tokens.refresh(RefreshClaims("ada", "session-1", "secret")),
        "email-verification": tokens.verification(user),
        "password-reset": tokens.reset("ada", user.email, "hash"),
    }

    assert {purpose: set(signer.read(purpose, token)) for purpose, token in issued.items()} == {
        "access": {"sub", "role"},
        "refresh": {"sub", "session", "secret"},
        "email-verification": {"sub", "email"},
        "password-reset": {"sub", "over"},
    }


def test_cursors_are_signed_for_the_table_of_their_listing() -> None:
    signer = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
    cursor = Cursors(signer).issue("prod-users", ListingPosition("ada", 3))

    assert signer.read("cursor:prod-users", cursor) == {"v": "1", "after": "ada", "shards": "3"}


def _unit_of_work(provider: DynamoDBProvider) -> TableUnitOfWork:
    return Store("scripted", provider, ids=FixedIds()).unit_of_work()
