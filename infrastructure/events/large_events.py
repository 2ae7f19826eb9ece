"""Events that no item should hold: a blob has their data, and the event says which."""

from __future__ import annotations

import orjson
from attrs import asdict, frozen

from application.ports.blob_store import Blob
from application.ports.projection_store import OF_EVENTS
from infrastructure.blobs.offload import Offload

# Stored: never change them. No field of a class begins so.
_BLOB = "$blob"
_BEGINNING = b'{"$blob":'

FOLDER = OF_EVENTS
"""Where the blobs of events are. Nothing collects them: events stay for ever."""


@frozen
class LargeEvents:
    """Moves the data of large events into blobs. A blob is stored before its event is."""

    offload: Offload

    def reference(self, data: bytes) -> bytes:
        """The data to store in the item. Raises what the blob store raises."""
        if not self.offload.exceeds(len(data)):
            return data
        return orjson.dumps({_BLOB: asdict(self.offload.put(FOLDER, data))})

    def data(self, stored: bytes) -> bytes:
        """The data of an event. Raises `BlobMissing`, `BlobCorrupted`, what the store raises."""
        if not is_reference(stored):
            return stored
        with self.offload.open(Blob(**orjson.loads(stored)[_BLOB])) as stream:
            return stream.read()


def is_reference(stored: bytes) -> bool:
    """Whether these are not the data of an event, but where they are."""
    return stored.startswith(_BEGINNING)
