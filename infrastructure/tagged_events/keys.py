"""The keys of tagged events, their rows and guards. All formats here are stored: never change."""

from __future__ import annotations

import re
from hashlib import sha256

from attrs import field, frozen

from domain.errors import InvalidValue
from domain.tagged_events import Position, Tag

_SERVICE = re.compile(r"[a-z0-9-]{1,64}")
_TAG = "TAG#"


def tag_guard(tag: Tag) -> str:
    """The name of a tag's guard."""
    return f"{_TAG}{tag}"


def type_guard(event_type: str) -> str:
    """The name of the guard of a guarded type of event."""
    return f"TYPE#{event_type}"


EVERYTHING = "ALL"
"""The name of the guard of the query of everything."""


def _check_service(_: object, __: object, service_id: str) -> None:
    if service_id and not _SERVICE.fullmatch(service_id):
        raise InvalidValue("service_id", "must be 1 to 64 of a-z, 0-9 and -")


def _check_shards(_: object, __: object, shards: int) -> None:
    if not 1 <= shards <= 100:
        raise InvalidValue("write_shards", "must be 1 to 100")


@frozen
class EventKeys:
    """Keys of one service: without a service id the tables are its own.

    The index of all events is written to `write_shards` keys and read from these and from the one
    that a single shard has, so the number may be raised. Lowering it would hide events.
    """

    service_id: str = field(default="", validator=_check_service)
    write_shards: int = field(default=1, validator=_check_shards)

    def event(self, event_id: str) -> str:
        """`EVENT#018f…`."""
        return f"{self._service}EVENT#{event_id}"

    def is_event(self, key: str) -> bool:
        """Whether this is the key of an event of this service."""
        return key.startswith(self.event(""))

    def guard(self, name: str) -> str:
        """`TAG#course:algebra`: the key of a guard and of its rows."""
        return f"{self._service}{name}"

    def index(self, position: Position) -> str:
        """`ALL_EVENTS`, or `ALL_EVENTS#3` where there are several shards."""
        if self.write_shards == 1:
            return self._whole
        digest = sha256(position.value.encode()).digest()
        return f"{self._whole}#{int.from_bytes(digest[:8]) % self.write_shards}"

    def indexes(self) -> list[str]:
        """Every key of the index that can have events."""
        shards = range(self.write_shards) if self.write_shards > 1 else ()
        return [self._whole, *(f"{self._whole}#{shard}" for shard in shards)]

    @property
    def tag_list(self) -> str:
        """`ALL_TAGS`: the key of the index of tags."""
        return f"{self._service}ALL_TAGS"

    def tag_of(self, key: str) -> Tag | None:
        """The tag whose guard has this key, None for the guard of something else."""
        prefix = f"{self._service}{_TAG}"
        return Tag(key.removeprefix(prefix)) if key.startswith(prefix) else None

    @property
    def _service(self) -> str:
        return f"SERVICE#{self.service_id}#" if self.service_id else ""

    @property
    def _whole(self) -> str:
        return f"{self._service}ALL_EVENTS"
