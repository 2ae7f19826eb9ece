"""What the code asks of AWS: every request that its clients send, as IAM sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field
from botocore.model import OperationModel

from infrastructure.dynamodb.gateway.gateway import Client

Access = tuple[str, str]
"""An action and the ARN of what it is done to: `dynamodb:PutItem`, `arn:aws:dynamodb:…:table/x`."""

_OF_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""What each action of a transaction needs.

Source: "Using IAM with DynamoDB transactions", Developer Guide.
"""

_OF_STREAMS = {"DescribeStream", "GetShardIterator", "GetRecords"}

_OF_OBJECTS: Mapping[str, tuple[str, ...]] = {
    # Who may not list the bucket is told that access is denied where an object is missing.
    # Source: S3 API reference, GetObject and HeadObject, "Permissions".
    "GetObject": ("s3:GetObject", "s3:ListBucket"),
    "HeadObject": ("s3:GetObject", "s3:ListBucket"),
    "PutObject": ("s3:PutObject",),
    "DeleteObject": ("s3:DeleteObject",),
    "HeadBucket": ("s3:ListBucket",),
    "ListObjectsV2": ("s3:ListBucket",),
}

_OF_MESSAGES = {
    "SendMessageBatch": "sqs:SendMessage",
    "PublishBatch": "sns:Publish",
    "PutEvents": "events:PutEvents",
}


@define
class Recorder:
    """Notes what is asked for while it `listens`, in an account and a region of AWS."""

    region: str
    account: str
    accesses: set[Access] = field(factory=set)
    _is_listening: bool = False
    _streams: dict[str, str] = field(factory=dict)
    """The ARN of the stream that an iterator of a shard belongs to."""

    def attach(self, client: Client) -> Client:
        """The same client, whose requests are seen from now on."""
        events = client.meta.events
        events.register("before-parameter-build", self._before, unique_id=f"before {id(self)}")
        events.register("after-call", self._after, unique_id=f"after {id(self)}")
        return client

    @contextmanager
    def listening(self) -> Iterator[set[Access]]:
        """What is asked for meanwhile."""
        self.accesses, self._is_listening = set(), True
        try:
            yield self.accesses
        finally:
            self._is_listening = False

    def _before(
        self, params: Mapping[str, Any], model: OperationModel, context: Any, **_: Any
    ) -> None:
        context["asked"] = params
        if self._is_listening:
            self.accesses.update(self._needed(model.name, params))

    def _after(
        self, parsed: Mapping[str, Any], model: OperationModel, context: Any, **_: Any
    ) -> None:
        """Remembers whose iterators these are: a request for records names no stream."""
        asked = context["asked"]
        if model.name == "GetShardIterator" and "ShardIterator" in parsed:
            self._streams[parsed["ShardIterator"]] = asked["StreamArn"]
        elif model.name == "GetRecords" and parsed.get("NextShardIterator"):
            self._streams[parsed["NextShardIterator"]] = self._streams[asked["ShardIterator"]]

    def _needed(self, operation: str, params: Mapping[str, Any]) -> Iterator[Access]:
        if operation in _OF_STREAMS:
            stream = params.get("StreamArn") or self._streams[params["ShardIterator"]]
            yield f"dynamodb:{operation}", self._of("dynamodb", stream.partition(":table/")[2])
        elif operation in _OF_OBJECTS:
            yield from self._of_object(operation, params)
        elif operation in _OF_MESSAGES:
            yield from ((_OF_MESSAGES[operation], arn) for arn in self._addressed(params))
        else:
            yield from self._of_tables(operation, params)

    def _of_tables(self, operation: str, params: Mapping[str, Any]) -> Iterator[Access]:
        for item in params.get("TransactItems", ()):
            for kind, action in item.items():
                yield self._of_table(_OF_TRANSACTIONS[kind], action["TableName"])
        for table in params.get("RequestItems", ()):
            yield self._of_table(operation, table)
        if "TableName" in params:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            yield self._of_table(operation, params["TableName"] + index)

    def _of_table(self, action: str, name: str) -> Access:
        return f"dynamodb:{action}", self._of("dynamodb", name)

    def _of(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:table/{name}"

    def _of_object(self, operation: str, params: Mapping[str, Any]) -> Iterator[Access]:
        bucket = f"arn:aws:s3:::{params['Bucket']}"
        of_version = "Version" if operation == "DeleteObject" and "VersionId" in params else ""
        for action in _OF_OBJECTS[operation]:
            on = bucket if action == "s3:ListBucket" else f"{bucket}/{params['Key']}"
            yield action + of_version, on

    def _addressed(self, params: Mapping[str, Any]) -> Iterator[str]:
        """The queue, the topic, or the buses that messages are sent to."""
        if "QueueUrl" in params:
            *_, account, name = urlsplit(params["QueueUrl"]).path.split("/")
            yield f"arn:aws:sqs:{self.region}:{account}:{name}"
        elif "TopicArn" in params:
            yield params["TopicArn"]
        else:
            for bus in {entry["EventBusName"] for entry in params["Entries"]}:
                named = f"arn:aws:events:{self.region}:{self.account}:event-bus/{bus}"
                yield bus if bus.startswith("arn:") else named
