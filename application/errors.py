"""How storage fails, in words that do not depend on what stores."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import DynastrataError


@frozen(kw_only=True)
class StorageError(DynastrataError):
    """A request to the store failed.

    `table` and `key` name the item, where one was concerned; values of other attributes never
    appear. `attempts` counts the requests that were sent or tried. `maybe_applied` tells that
    one of them may have been applied by the store, its answer lost.
    """

    operation: str
    table: str | None = None
    key: str | None = None
    request_id: str | None = None
    attempts: int = 1
    maybe_applied: bool = False
    detail: str = ""

    def __str__(self) -> str:
        where = " of ".join(part for part in (self.key, self.table) if part)
        facts = [
            self._failure() + (f" ({self.detail})" if self.detail else ""),
            f"attempts: {self.attempts}",
        ]
        if self.request_id:
            facts.append(f"request id: {self.request_id}")
        return f"{self.operation}{' on ' + where if where else ''}: {', '.join(facts)}"

    def _failure(self) -> str:
        return "failed"


@frozen(kw_only=True)
class Throttled(StorageError):
    """The store had no capacity, or other writers were busy with the same items, to the last try.

    Nothing was written. Try again later.
    """

    reasons: tuple[str, ...] = ()

    def _failure(self) -> str:
        return "throttled" + (f" by {', '.join(self.reasons)}" if self.reasons else "")


@frozen(kw_only=True)
class Unreachable(StorageError):
    """The store could not be reached, or did not answer in time."""

    def _failure(self) -> str:
        return "the store cannot be reached"


@frozen(kw_only=True)
class CircuitOpen(Unreachable):
    """The table failed again and again, so it is left alone for `retry_after` seconds.

    Nothing was sent after the attempts that are told.
    """

    retry_after: float

    def _failure(self) -> str:
        return f"left alone after too many failures, tried again in {self.retry_after:.1f} s"


@frozen(kw_only=True)
class ServiceFault(StorageError):
    """The store failed on its side."""

    def _failure(self) -> str:
        return "the store failed"


@frozen(kw_only=True)
class AccessDenied(StorageError):
    """The credentials are missing, wrong, or do not allow the operation."""

    def _failure(self) -> str:
        return "access denied"


@frozen(kw_only=True)
class RequestRejected(StorageError):
    """The store refuses the request as it is; sending it again will not help."""

    def _failure(self) -> str:
        return "rejected"


@frozen(kw_only=True)
class ResourceMissing(StorageError):
    """The table, index, stream or bucket does not exist.

    `dynastrata tables create` makes tables, with their indexes and streams.
    """

    def _failure(self) -> str:
        return "no such table, index, stream or bucket"


@frozen(kw_only=True)
class TableNotReady(StorageError):
    """A table did not become what was asked for within the time allowed."""

    def _failure(self) -> str:
        return "the table is not ready in time"


@frozen
class CommitOutcomeUnknown(DynastrataError):
    """The commit may or may not have happened: its answer was lost and nothing settled it.

    Calling `commit()` on the same unit of work again resumes it and may settle it. Otherwise
    read the state before deciding again.
    """

    commit_id: str

    def __str__(self) -> str:
        return f"the outcome of commit {self.commit_id} is unknown; it may have been applied"


@frozen
class LimitExceeded(DynastrataError):
    """The commit is larger than the store takes. Nothing was sent.

    `limit` names the limit, `actual` and `allowed` are in `unit` (actions, bytes, digits).
    """

    limit: str
    actual: int
    allowed: int
    unit: str
    where: str = field(default="")

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.limit}{place}: {self.actual} {self.unit}, at most {self.allowed}"


@frozen
class InvalidItem(DynastrataError):
    """A value cannot be stored. `attribute` is its path in the item. Nothing was sent."""

    table: str
    key: str
    attribute: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key} of {self.table}, attribute {self.attribute}: {self.reason}"


@frozen
class ItemWrittenTwice(DynastrataError):
    """One commit would write one item twice, which no store does atomically. Nothing was sent."""

    table: str
    key: str

    def __str__(self) -> str:
        return f"{self.key} of {self.table} would be written twice in one commit"


@frozen
class UnreadableState(DynastrataError):
    """What is stored does not fit the class any more. `problems` names the attributes."""

    aggregate_type: str
    aggregate_id: str
    problems: str

    def __str__(self) -> str:
        return f"stored {self.aggregate_type} {self.aggregate_id} is unreadable: {self.problems}"


@frozen
class UnknownEventType(DynastrataError):
    """An event is stored under a type that is not registered. `event` names it."""

    event: str
    type: str

    def __str__(self) -> str:
        return f"{self.event} has the unknown type {self.type!r}"


@frozen
class UnreadableEvent(DynastrataError):
    """A stored event does not fit its class. `event` names it, `problems` the fields."""

    event: str
    type: str
    problems: str

    def __str__(self) -> str:
        return f"{self.event}, a {self.type}, is unreadable: {self.problems}"


@frozen
class UnitOfWorkMisused(DynastrataError):
    """The unit of work was used in a way that would lose changes; `problem` says how."""

    problem: str

    def __str__(self) -> str:
        return self.problem
