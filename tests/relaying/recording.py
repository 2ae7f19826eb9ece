"""Records of the outbox's stream, as AWS Lambda hands them over.

`python -m tests.relaying.recording` plays the scenario on MiniStack and writes them anew.
Source of the form: "Using AWS Lambda with Amazon DynamoDB", AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from application.ports.relay_queue import PendingKey
from application.relay import Relay, RelayOptions
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.engines import run_ministack
from infrastructure.outbox.table import OUTBOX
from tests.outboxes import ADA, key, messages, outbox_of, queue_of
from tests.relaying.destinations import ALWAYS, ScriptedDestination
from tests.stores import Store, client_of, dynamodb_store, streams_client_of
from tests.subscription.subscribing import FakeClock

FILE = Path(__file__).with_name("recorded_stream_events.json")

PLAYED = datetime(2040, 1, 1, tzinfo=UTC)
"""When the scenario plays: so far ahead that no engine finds anything expired."""

Record = dict[str, Any]


def play(store: Store) -> None:
    """What can happen to messages, and to the heads of their keys.

    ada: two are added, the first one fails once. grace: one is added, published, removed.
    alan: one is added, given up, sent again.
    """
    clock, destination = FakeClock(PLAYED), ScriptedDestination(refusals={"0001": ALWAYS})
    outbox = outbox_of(store, clock=clock)
    for ordering_key, *ids in ((ADA, "0001", "0002"), ("grace", "0011"), ("alan", "0021")):
        for message in messages(*ids, ordering_key=ordering_key):
            outbox.add(message)

    def work_at(ordering_key: str, attempts: int = 10) -> None:
        options = RelayOptions(attempts=attempts, backoff=lambda _: 1.0)
        publishers = {"people": destination}
        relay = Relay(queue_of(store), publishers, clock, "relay", options, sleep=clock.advance)
        relay.work([PendingKey(ordering_key, frozenset())])

    work_at(ADA)
    work_at("grace")
    outbox.cleanup(PLAYED + timedelta(days=1))
    destination.refusals["0021"] = ALWAYS
    work_at("alan", attempts=1)
    outbox.retry(key("0021", "alan"))


def record(store: Store) -> list[Record]:
    """The records in the stream of a store's outbox."""
    return [handed_over(each, store) for each in _stream(store)]


def recorded() -> list[Record]:
    """The records in the file."""
    records: list[Record] = json.loads(FILE.read_text())["Records"]
    return records


def handed_over(told: Record, store: Store) -> Record:
    """A record as it is handed over: with the stream's ARN, and times as numbers."""
    images = told["dynamodb"]
    created = images["ApproximateCreationDateTime"]
    return {
        "eventID": told["eventID"],
        "eventName": told["eventName"],
        "eventVersion": told["eventVersion"],
        "eventSource": told["eventSource"],
        "awsRegion": told["awsRegion"],
        "dynamodb": {**images, "ApproximateCreationDateTime": int(created.timestamp())},
        "eventSourceARN": _arn(store).replace(store.table(OUTBOX), OUTBOX),
    }


def _stream(store: Store) -> Iterator[Record]:
    streams, arn = _streams(store), _arn(store)
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator is not None:
            answer = streams.get_records(ShardIterator=iterator)
            yield from answer["Records"]
            # A shard that is open has no end.
            iterator = answer.get("NextShardIterator") if answer["Records"] else None


def _arn(store: Store) -> str:
    table = store.gateway.call("DescribeTable", {"TableName": store.table(OUTBOX)})["Table"]
    return str(table["LatestStreamArn"])


def _streams(store: Store) -> Client:
    return streams_client_of(store.gateway._client.meta.endpoint_url)


def main() -> None:
    with run_ministack() as engine:
        store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
        play(store)
        lines = ",\n".join(json.dumps(each, sort_keys=True) for each in record(store))
        FILE.write_text(f'{{"Records": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
