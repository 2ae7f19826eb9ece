"""PynamoDB: a model for each item, with its version attribute as the condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scripts.bench import data
from scripts.bench.data import Place
from scripts.bench.peers.named import named


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    for model, table in ((User, "users"), (Claim, "users"), (Message, "outbox"), (Event, "events")):
        model.Meta.table_name = place.table(table)
        model.Meta.host = place.endpoint_url
    connection = Connection(host=place.endpoint_url)
    return named(Models(place, connection))


class Meta:
    """Read by PynamoDB; the place is put in later."""

    table_name = ""
    host = ""


class Listing(GlobalSecondaryIndex[Any]):
    """All ids in order."""

    class Meta:
        """Read by PynamoDB."""

        index_name = "listing"
        projection = KeysOnlyProjection()

    listShard = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class User(Model):
    """A user's item."""

    class Meta(Meta):
        """Of this one."""

    id = UnicodeAttribute(hash_key=True)
    commits: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    email = UnicodeAttribute()
    firstName = UnicodeAttribute()
    heldClaims: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    isBanned = BooleanAttribute()
    isEmailVerified = BooleanAttribute()
    lastName = UnicodeAttribute()
    listShard = UnicodeAttribute()
    passwordHash = UnicodeAttribute()
    role = UnicodeAttribute()
    version = VersionAttribute()
    listing = Listing()


class Claim(Model):
    """A claim on an address."""

    class Meta(Meta):
        """Of this one."""

    id = UnicodeAttribute(hash_key=True)
    commits: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    owner = UnicodeAttribute()


class Message(Model):
    """A message in the outbox."""

    class Meta(Meta):
        """Of this one."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    aggregateId = UnicodeAttribute()
    aggregateType = UnicodeAttribute()
    commitId = UnicodeAttribute()
    createdAt = UnicodeAttribute()
    destination = UnicodeAttribute()
    headers = UnicodeAttribute()
    isPublished = BooleanAttribute()
    messageType = UnicodeAttribute()
    outstanding = UnicodeAttribute()
    payload = UnicodeAttribute()
    retryCount = NumberAttribute()


class Event(Model):
    """An event of a stream."""

    class Meta(Meta):
        """Of this one."""

    pk = UnicodeAttribute(hash_key=True)
    sk = NumberAttribute(range_key=True)
    aggregateId = UnicodeAttribute()
    aggregateType = UnicodeAttribute()
    commitCount = NumberAttribute()
    commitFirst = NumberAttribute()
    commitId = UnicodeAttribute()
    eventData = UnicodeAttribute()
    eventId = UnicodeAttribute()
    eventType = UnicodeAttribute()
    isDispatched = BooleanAttribute()
    metadata = UnicodeAttribute()
    timestamp = UnicodeAttribute()
    version = NumberAttribute()


class Models:
    """The operations."""

    def __init__(self, place: Place, connection: Connection) -> None:
        self._place = place
        self._connection = connection

    def get(self, number: int) -> User:
        """See `Peer`, as below."""
        return User.get(data.user_id(number), consistent_read=True)

    def save(self, number: int) -> None:
        """As `get`."""
        user = self.get(number)
        user.lastName = self._place.name(number)
        user.save()

    def save_three(self, number: int) -> None:
        """As `get`."""
        ids = [data.user_id(number * 3 + each) for each in range(3)]
        with TransactWrite(connection=self._connection) as transaction:
            for user in User.batch_get(ids, consistent_read=True):
                user.lastName = self._place.name(number)
                transaction.save(user)

    def register(self, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        user = data.user(id)
        del user["version"]  # PynamoDB gives the first one
        with TransactWrite(connection=self._connection) as transaction:
            transaction.save(User(**user))
            transaction.save(Claim(**data.claim(id)), condition=Claim.id.does_not_exist())
            transaction.save(Message(**data.message(id)), condition=Message.pk.does_not_exist())

    def list_all(self, _: int) -> list[User]:
        """As `get`."""
        listed: Iterator[Any] = User.listing.query(data.SHARD, limit=data.USERS)
        ids = [user.id for user in listed]
        return list(User.batch_get(ids, consistent_read=True))

    def append(self, count: int, number: int) -> None:
        """As `get`."""
        id = self._place.new(number)
        events = [Event(**data.event(id, version, count)) for version in range(1, count + 1)]
        is_new = Event.pk.does_not_exist()
        if count == 1:
            events[0].save(condition=is_new)
            return
        with TransactWrite(connection=self._connection) as transaction:
            for event in events:
                transaction.save(event, condition=is_new)

    def load(self, _: int) -> list[Event]:
        """As `get`."""
        return list(Event.query(data.stream_key("long"), consistent_read=True))
