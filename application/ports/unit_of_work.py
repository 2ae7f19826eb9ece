"""The unit of work: everything one use case changes, committed at once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from application.ports.dcb_store import TaggedEventWriter
from application.ports.event_store import StreamWriter
from application.ports.inbox import InboxWriter
from application.ports.outbox import OutboxWriter
from domain.orders.repository import OrderRepository
from domain.users.repository import UserRepository


class UnitOfWork(Protocol):
    """Tracks what its repositories loaded, added, saved and removed.

    Leaving the `with` block rolls back what was not committed. If nothing was raised inside and
    changes are left, staged or not, that is a forgotten `commit()`: `UnitOfWorkMisused` is raised.
    """

    @property
    def users(self) -> UserRepository:
        """The users, as this unit of work sees them."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """The orders, as this unit of work sees them."""
        ...

    @property
    def streams(self) -> StreamWriter:
        """Streams of events, for what is no aggregate."""
        ...

    @property
    def tagged_events(self) -> TaggedEventWriter:
        """Events that belong to several consistency boundaries."""
        ...

    @property
    def outbox(self) -> OutboxWriter:
        """Messages for the world outside, beside those that events cause by themselves."""
        ...

    @property
    def inbox(self) -> InboxWriter:
        """Which messages were handled; see `application.idempotent_receiver`."""
        ...

    def commit(self) -> None:
        """Writes all staged changes in one atomic write, or none of them.

        Raises a `Conflict` when another commit came first, `LimitExceeded` and its siblings
        before anything is sent, `Throttled` or `Unreachable` when nothing was written, and
        `CommitOutcomeUnknown` when no one can tell. After the last three, calling it again
        resumes the same commit: it is never applied twice. Raises `UnitOfWorkMisused` when an
        aggregate recorded events and was not saved.
        """
        ...

    def rollback(self) -> None:
        """Forgets everything loaded and staged since the last commit."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
"""Makes a fresh unit of work. A use case takes one for each decision it makes."""
