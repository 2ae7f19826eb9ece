"""What the inbox asks of DynamoDB."""

from __future__ import annotations

from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.unit_of_work import TableUnitOfWork
from tests.samples.models import PersonModel
from tests.samples.people import PERSON
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, sent, unit_with_fixed_ids


def unit_over(door: Gateway) -> TableUnitOfWork:
    return unit_with_fixed_ids(DynamoDBProvider(door, TableNames(), {PERSON: PersonModel}))


def test_whether_a_message_was_processed_is_read_strongly_consistent() -> None:
    door = gateway({})

    assert not unit_over(door).inbox.knows("mailer", "1")

    ((method, request),) = sent(door)
    assert (method, request["ConsistentRead"]) == ("get_item", True)


def test_message_without_an_effect_goes_as_a_plain_write_at_half_the_price() -> None:
    door = gateway({})
    unit = unit_over(door)

    unit.inbox.remember("mailer", "1", NOW)
    unit.commit()

    assert [method for method, _ in sent(door)] == ["put_item"]
