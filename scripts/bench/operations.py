"""What is measured, and whom it is measured on."""

from __future__ import annotations

from attrs import frozen


@frozen
class Operation:
    """One kind of work, and how often a batch does it. `name` is that of a peer's operation."""

    title: str
    name: str
    batch: int
    threads: int = 1


@frozen
class Peer:
    """Who does the work. `module` is in `scripts.bench.peers`."""

    title: str
    module: str


BARE = Peer("bare call", "bare")
OURS = Peer("Dynastrata", "dynastrata")

PEERS = (
    BARE,
    Peer("http.client", "http_client"),
    OURS,
    Peer("botocore", "botocore_client"),
    Peer("boto3 resource", "boto3_resource"),
    Peer("PynamoDB", "pynamodb_models"),
    Peer("pydynox", "pydynox_models"),
    Peer("eventsourcing", "eventsourcing_app"),
)

_OF_EVENTS = {"append 1", "append 5", "append 50", "load"}
_IN_MEMORY = {"bare", "dynastrata", "eventsourcing_app"}

STORED = (
    Operation("read one user", "get", 40),
    Operation("read one user, 8 threads", "get", 40, threads=8),
    Operation("read and save one user", "save", 20),
    Operation("read and save one user, 8 threads", "save", 24, threads=8),
    Operation("register a user", "register", 12),
    Operation("read and save 3 users at once", "save three", 8),
    Operation("list 500 users", "list", 1),
    Operation("append 1 event", "append 1", 20),
    Operation("append 5 events", "append 5", 8),
    Operation("append 50 events", "append 50", 2),
    Operation("load 1,000 events", "load", 1),
)
"""On MiniStack."""

PACKED = (
    Operation("append 5 events, packed", "append 5 packed", 8),
    Operation("append 50 events, packed", "append 50 packed", 2),
    Operation("load 1,000 events, packed by 5", "load packed", 1),
)
"""As well. Only this project has such items."""

REPLAY = (Operation("replay 100,000 events in memory", "replay", 1),)
"""In processes of their own, since so many events slow down whatever else is done there."""


def does(peer: Peer, operation: Operation) -> bool:
    """Whether a peer has an answer to an operation."""
    if operation in PACKED:
        return peer == OURS
    if operation.name == "replay":
        return peer.module in _IN_MEMORY
    return peer.module != "eventsourcing_app" or operation.name in _OF_EVENTS
