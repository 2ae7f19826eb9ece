"""Names that are stored or signed, as the world out there has them: a change here breaks data."""

from __future__ import annotations

import pytest

from application.users.tokens import RefreshClaims, UserTokens
from infrastructure.clock import SystemClock
from infrastructure.cursors import Cursors, Position
from infrastructure.dynamodb.aggregate_table import KEPT_COMMITS
from infrastructure.dynamodb.models import MODELS
from infrastructure.dynamodb.models.base import ClaimModel
from infrastructure.dynamodb.models.users import SessionAttribute, UserModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.tables import Tables
from infrastructure.ids import RandomIds
from infrastructure.settings import SAMPLE_SIGNING_KEY
from infrastructure.tokens import JwtSigner
from infrastructure.unit_of_work import StoredUnitOfWork
from infrastructure.users import USER_EMAIL, USERS
from tests.stores import Store
from tests.unit.domain.known_users import signed_in
from tests.unit.dynamodb.scripted import gateway, sent
from tests.users import NOW, new_user


class FixedIds(RandomIds):
    """The id of every commit is `commit-1`."""

    def new_id(self) -> str:
        return "commit-1"


def test_tables_are_these() -> None:
    assert "users" in MODELS
    assert USERS.table == "users"


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


def test_registered_user_is_stored_as_these_two_items() -> None:
    door = gateway({})
    unit = _unit_of_work(DynamoDBProvider(door, Tables()))

    unit.users.add(new_user(id="ada"))
    unit.commit()

    ((_, request),) = sent(door)
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
    ]


@pytest.mark.parametrize(
    ("user_id", "shard"), [("ada", "USER#0"), ("bob", "USER#2"), ("ida", "USER#1")]
)
def test_user_belongs_to_this_shard_of_three(user_id: str, shard: str) -> None:
    door = gateway({})
    unit = _unit_of_work(DynamoDBProvider(door, Tables(), listing_shards=3))

    unit.users.add(new_user(id=user_id))
    unit.commit()

    ((_, request),) = sent(door)
    assert request["TransactItems"][0]["Put"]["Item"]["listShard"] == {"S": shard}


def test_item_keeps_this_many_commits() -> None:
    assert KEPT_COMMITS == 5


def test_moments_are_stored_as_this_text() -> None:
    session = USERS.to_state(signed_in())["session"]

    assert session["rotated_at"] == "2026-11-20T12:00:00+00:00"
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
    cursor = Cursors(signer).issue("prod-users", Position("ada", 3))

    assert signer.read("cursor:prod-users", cursor) == {"v": "1", "after": "ada", "shards": "3"}


def _unit_of_work(provider: DynamoDBProvider) -> StoredUnitOfWork[object]:
    return Store("scripted", provider, ids=FixedIds()).unit_of_work()
