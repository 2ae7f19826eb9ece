"""Names of users that are stored, signed or sent, as the world out there has them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from application.users.integration_events import USER_INTEGRATION_EVENTS
from application.users.tokens import RefreshClaims, UserTokens
from domain.users.values import Email
from infrastructure.contexts.context import Contexts
from infrastructure.contexts.registered import REGISTERED
from infrastructure.contexts.users import USER, USER_EMAIL, USERS
from infrastructure.dynamodb.models.users import SessionAttribute, UserModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.tokens import JwtSigner
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, sent, unit_with_fixed_ids
from tests.users.known_users import signed_in
from tests.users.samples import new_user

CONTEXTS = Contexts([USERS])


def test_users_have_this_table() -> None:
    assert "users" in REGISTERED.tables
    assert USER.table == "users"
    assert UserModel.Meta.table_name == "users"


def test_attributes_of_a_user_are_stored_under_these_names_and_types() -> None:
    assert {a.attr_name: a.attr_type for a in UserModel.get_attributes().values()} == {
        "id": "S",
        "version": "N",
        "commits": "L",
        "heldClaims": "L",
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


def test_claim_on_an_address_has_this_key() -> None:
    assert USER_EMAIL.key("ada@example.com") == "CLAIM#email#ada@example.com"


def test_listing_is_this_index() -> None:
    (index,) = TableSchema(UserModel, "users").creation(Capacity())["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "listing"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["listShard", "id"]


def test_users_do_not_expire() -> None:
    assert TableSchema(UserModel, "users").ttl_attribute is None


def test_events_leave_as_messages_of_these_types_for_these_destinations() -> None:
    declared = {(t.event.__name__, t.name, t.destination) for t in USER_INTEGRATION_EVENTS}

    assert declared == {
        *((name, name, "users") for name in ("UserRegistered", "UserRemoved")),
        *((name, name, "users") for name in ("EmailVerified", "EmailChanged")),
        *((name, name, "users") for name in ("UserBanned", "UserUnbanned")),
    }


def test_registered_user_is_stored_as_these_three_items() -> None:
    door = gateway({})
    unit = unit_with_fixed_ids(DynamoDBProvider(door, TableNames(), {USER: UserModel}), CONTEXTS)

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
            "heldClaims": {"L": [{"S": "CLAIM#email#ada@example.com"}]},
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
    unit = unit_with_fixed_ids(
        DynamoDBProvider(door, TableNames(), {USER: UserModel}, listing_shards=3), CONTEXTS
    )

    unit.users.add(new_user(id=user_id))
    unit.commit()

    ((_, request),) = sent(door)
    assert request["TransactItems"][0]["Put"]["Item"]["listShard"] == {"S": shard}


def test_timestamps_are_stored_as_this_text() -> None:
    session = USER.to_state(signed_in())["session"]

    assert session["rotated_at"] == "2046-11-20T12:00:00+00:00"
    assert NOW.isoformat() == session["rotated_at"]


def test_tokens_are_signed_for_these_purposes() -> None:
    signer = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
    tokens = UserTokens(signer)
    user = new_user(id="ada")
    issued = {
        "access": tokens.access(user, "session-1"),
        "refresh": tokens.refresh(RefreshClaims("ada", "session-1", "secret")),
        "email-verification": tokens.verification(user),
        "email-undo": tokens.email_undo(user),
        "password-reset": tokens.reset("ada", user.email, "hash"),
    }

    assert {purpose: set(signer.read(purpose, token)) for purpose, token in issued.items()} == {
        "access": {"sub", "session", "role"},
        "refresh": {"sub", "session", "secret"},
        "email-verification": {"sub", "email"},
        "email-undo": {"sub", "email"},
        "password-reset": {"sub", "over"},
    }
    to_another = tokens.email_change(user, Email("countess@example.com"))
    assert set(signer.read("email-verification", to_another)) == {"sub", "email", "over"}
