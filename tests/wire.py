"""The way of an item to DynamoDB and back, as the SDK takes it."""

from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone

import botocore.session
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from infrastructure.dynamodb.items import Item

MODEL = botocore.session.get_session().get_service_model("dynamodb")
SERIALIZER = create_serializer("json")
PARSER = create_parser("json")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
# Without a zone and with any offset too: rebuilding asks no rules.
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMESTAMPS = st.datetimes(timezones=st.sampled_from([UTC, None]) | OFFSETS)


def over_the_wire(item: Item) -> Item:
    """The item as it is read, once the SDK has sent it and received it again."""
    put = MODEL.operation_model("PutItem")
    body = SERIALIZER.serialize_to_request({"TableName": "table", "Item": item}, put)["body"]
    answer = json.dumps({"Item": json.loads(body)["Item"]}).encode()
    get = MODEL.operation_model("GetItem")
    response = PARSER.parse({"body": answer, "headers": {}, "status_code": 200}, get.output_shape)
    read: Item = response["Item"]
    return read
