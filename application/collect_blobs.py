"""Removing the blobs that nothing refers to any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen

from application.ports.blob_store import BlobStore
from application.ports.projection_store import OF_EVENTS


@frozen(kw_only=True)
class Collected:
    """What was removed: how many blobs, and how many bytes they took."""

    count: int
    bytes: int


def collect_blobs(
    blobs: BlobStore, referenced: Iterable[str], *, older_than: datetime, prefix: str = ""
) -> Collected:
    """Removes what was last put before `older_than` under this prefix, and is not referenced.

    Blobs of events are left alone: events stay for ever.

    A blob is put before its reference is written, so for a while a wanted blob has none. Therefore
    `older_than` is a grace period before now: longer than any writer takes from its put to its
    reference, and longer than the clocks of this process and the store differ. A day is ample.

    A key is the hash of the content, so a writer may come to need a blob that is there, old and
    unreferenced. It puts it all the same, which makes it young, and each blob is looked at once
    more when it is removed: see `delete` of the port, and of the store for what it cannot promise.

    `referenced` are the keys of all references under this prefix, read strongly consistent. It is
    read after the blobs were listed, so a generator may begin to read the references then. Safe to
    run twice at once, and again after a failure. Raises what the store raises.
    """
    old = [
        blob
        for blob in blobs.list(prefix)
        if blob.last_modified < older_than and not blob.key.startswith(f"{OF_EVENTS}/")
    ]
    wanted = set(referenced)
    removed = [
        blob
        for blob in old
        if blob.key not in wanted and blobs.delete(blob.key, older_than=older_than)
    ]
    return Collected(count=len(removed), bytes=sum(blob.size for blob in removed))
