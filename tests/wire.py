"""The way of an item to DynamoDB and back, as the SDK takes it."""

from __future__ import annotations

import json

import botocore.session
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from infrastructure.dynamodb.items import Item

MODEL = botocore.session.get_session().get_service_model("dynamodb")
SERIALIZER = create_serializer("json")
PARSER = create_parser("json")


def over_the_wire(item: Item) -> Item:
    """The item as it is read, once the SDK has sent it and received it again."""
    put = MODEL.operation_model("PutItem")
    body = SERIALIZER.serialize_to_request({"TableName": "table", "Item": item}, put)["body"]
    answer = json.dumps({"Item": json.loads(body)["Item"]}).encode()
    get = MODEL.operation_model("GetItem")
    response = PARSER.parse({"body": answer, "headers": {}, "status_code": 200}, get.output_shape)
    read: Item = response["Item"]
    return read
