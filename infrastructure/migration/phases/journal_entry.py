"""What the journal says of one key, as service code meets it and as it is stored."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from attrs import frozen
from typing_extensions import override

from domain.errors import Conflict
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.dynamodb.mappers.timestamps import milliseconds
from infrastructure.limits import MAX_HASH_KEY
from infrastructure.migration.phases.phase import Side


@frozen
class Entry:
    """What the journal says of a key: `behind` is the side that may lack what the other has.

    `is_held` tells whether a writer is at work on it, as far as its lease goes.
    """

    table: str
    key: Item
    behind: Side
    token: str
    is_held: bool
    reason: str = ""

    @override
    def __str__(self) -> str:
        return f"{key_text(self.key)} of {self.table}: the {self.behind} is behind"


@frozen
class Held(Entry):
    """A key that this writer holds.

    `was_behind` tells that its entry was there before: what it says is still to be settled.
    """

    was_behind: bool = False


@frozen
class KeyBusy(Conflict):
    """Other writers held the key for as long as this one waited. Nothing was written."""

    table: str
    key: str

    @override
    def __str__(self) -> str:
        return f"{self.key} of {self.table} is held by another writer"


def place_text(table: str, key: Item) -> str:
    """The key of an entry: the table, then type and value of each part. Part of stored keys.

    The parts are in the order of their names: a stored map has none of its own.
    """
    parts = [table]
    for name in sorted(key):
        [(kind, content)] = key[name].items()
        parts += [kind, content.hex() if isinstance(content, bytes) else str(content)]
    text = "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)
    if len(text.encode()) <= MAX_HASH_KEY:
        return text
    return f"{parts[0][:255]}#sha256#{sha256(text.encode()).hexdigest()}"


def entry_of(item: Item, now: datetime) -> Entry:
    """The entry that is stored. Times are those of this clock."""
    is_held = "leaseUntil" in item and int(item["leaseUntil"]["N"]) > milliseconds(now)
    return Entry(
        table=item["table"]["S"],
        key=item["key"]["M"],
        behind=Side(item["behind"]["S"]),
        token=item["token"]["S"],
        is_held=is_held,
        reason=_text(item, "reason"),
    )


def held_of(item: Item) -> Held:
    """The entry of whoever has just taken it."""
    return Held(
        table=item["table"]["S"],
        key=item["key"]["M"],
        behind=Side(item["behind"]["S"]),
        token=item["token"]["S"],
        is_held=True,
        reason=_text(item, "reason"),
        was_behind=item["openedBy"] != item["token"],
    )


def _text(item: Item, name: str) -> str:
    return str(item[name]["S"]) if name in item else ""
