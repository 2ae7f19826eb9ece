"""pydynox: a model for each item, with its version attribute as the condition.

A changed model is saved as pydynox does by default: only what changed is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pydynox import DynamoDBClient, Model, ModelConfig, SyncTransaction, set_default_client
from pydynox.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    StringAttribute,
    VersionAttribute,
)
from pydynox.indexes import GlobalSecondaryIndex

from scripts.bench import data
from scripts.bench.data import Place
from scripts.bench.peers.named import named


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    # It warns of slow answers, which a local engine gives; nobody listens.
    logging.getLogger("pydynox").addHandler(logging.NullHandler())
    client = DynamoDBClient(
        region="eu-central-1",
        endpoint_url=place.endpoint_url,
        access_key="local",
        secret_key="local",  # noqa: S106 a local engine ignores it
    )
    set_default_client(client)
    for model, table in ((User, "users"), (Claim, "users"), (Message, "outbox"), (Event, "events")):
        model.model_config = ModelConfig(table=place.table(table), consistent_read=True)
    return named(Models(place, client))


class User(Model):
    """A user's item."""

    model_config = ModelConfig(table="users")
    id = StringAttribute(partition_key=True)
    commits = ListAttribute()
    email = StringAttribute()
    firstName = StringAttribute()
    heldClaims = ListAttribute()
    isBanned = BooleanAttribute()
    isEmailVerified = BooleanAttribute()
    lastName = StringAttribute()
    listShard = StringAttribute()
    passwordHash = StringAttribute()
    role = StringAttribute()
    version = VersionAttribute()
    listing = GlobalSecondaryIndex("listing", "listShard", "id", projection="KEYS_ONLY")


class Claim(Model):
    """A claim on an address."""

    model_config = ModelConfig(table="users")
    id = StringAttribute(partition_key=True)
    commits = ListAttribute()
    owner = StringAttribute()


class Message(Model):
    """A message in the outbox."""

    model_config = ModelConfig(table="outbox")
    pk = StringAttribute(partition_key=True)
    sk = StringAttribute(sort_key=True)
    aggregateId = StringAttribute()
    aggregateType = StringAttribute()
    commitId = StringAttribute()
    createdAt = StringAttribute()
    destination = StringAttribute()
    headers = StringAttribute()
    isPublished = BooleanAttribute()
    messageType = StringAttribute()
    outstanding = StringAttribute()
    payload = StringAttribute()
    retryCount = NumberAttribute()


class Event(Model):
    """An event of a stream."""

    model_config = ModelConfig(table="events")
    pk = StringAttribute(partition_key=True)
    sk = NumberAttribute(sort_key=True)
    aggregateId = StringAttribute()
    aggregateType = StringAttribute()
    commitCount = NumberAttribute()
    commitFirst = NumberAttribute()
    commitId = StringAttribute()
    eventData = StringAttribute()
    eventId = StringAttribute()
    eventType = StringAttribute()
    isDispatched = BooleanAttribute()
    metadata = StringAttribute()
    timestamp = StringAttribute()
    version = NumberAttribute()


class Models:
    """The operations."""

    def __init__(self, place: Place, client: DynamoDBClient) -> None:
        self._place = place
        self._client = client

    def get(self, number: int) -> Any:
        """See `Peer`, as below."""
        return User.sync_get(id=data.user_id(number))

    def save(self, number: int) -> None:
        """As `get`."""
        user = self.get(number)
        user.lastName = self._place.name(number)
        user.sync_save()

    def save_three(self, number: int) -> None:
        """As `get`."""
        keys = [{"id": data.user_id(number * 3 + each)} for each in range(3)]
        with SyncTransaction(self._client) as transaction:
            for user in User.sync_batch_get(keys, consistent_read=True):
                user.lastName = self._place.name(number)
                transaction.save_model(user)

    def register(self, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        user = data.user(id)
        del user["version"]  # pydynox gives the first one
        with SyncTransaction(self._client) as transaction:
            transaction.save_model(User(**user))
            transaction.save_model(Claim(**data.claim(id)), Claim.id.not_exists())
            transaction.save_model(Message(**data.message(id)), Message.pk.not_exists())

    def list_all(self, _: int) -> list[Any]:
        """As `get`."""
        listed = User.listing.sync_query(partition_key=data.SHARD, limit=data.USERS)
        return list(User.sync_batch_get([{"id": user.id} for user in listed], consistent_read=True))

    def append(self, count: int, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        events = [Event(**data.event(id, version, count)) for version in range(1, count + 1)]
        is_new = Event.pk.not_exists()
        if count == 1:
            events[0].sync_save(condition=is_new)
            return
        with SyncTransaction(self._client) as transaction:
            for event in events:
                transaction.save_model(event, is_new)

    def load(self, _: int) -> list[Any]:
        """As `get`."""
        return list(Event.sync_query(partition_key=data.stream_key("long")))
