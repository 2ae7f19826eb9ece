"""What the matrix is made of: use cases, and what their callers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from application.errors import CommitOutcomeUnknown, StorageError
from domain.errors import DynastrataError
from tests.faults.matrix.service import Service

Other = Callable[[Service, Any], object]
"""What somebody else does, given what the use case has prepared."""

RETURNED, REFUSED = "returned", "refused"
UNKNOWN, NOT_WRITTEN = "outcome unknown", "not written"


@frozen
class Told:
    """What a caller was told: how it ended, and what was returned or raised, as text."""

    how: str
    what: str

    def __str__(self) -> str:
        return f"{self.how} {self.what}"


def nothing(*_: Any) -> None:
    """Nothing more to do, or to look at."""


@frozen(kw_only=True)
class UseCase:
    """One way to call a use case. `name` is that of its provider in the container.

    `prepare` makes what has to be there, once for many runs: what it leaves in the tables is put
    back. Where that is not all it does, it `is_prepared_anew` for each run. `renewed` tables are
    then made anew. `empty` forgets what is in memory. `run` calls the use case with what `prepare`
    returned, and returns what to compare, which must not hold anything that differs from run to
    run. `check` looks at what a run left, once the network is well again.
    `has_memory`: in memory the same is there and answers the same. `tells`: what goes wrong is
    told, where others go on until they have done what they are for. `others` are what somebody else
    may do to the same at any time, by what it is.
    """

    name: str
    case: str = ""
    prepare: Callable[[Service], Any] = nothing
    is_prepared_anew: bool = False
    renewed: Sequence[str] = ()
    empty: Callable[[Service], None] = nothing
    run: Callable[[Service, Any], object] = field(repr=False)
    check: Callable[[Service, Any, Told], None] = nothing
    has_memory: bool = True
    tells: bool = True
    others: Mapping[str, Other] = field(factory=dict)

    def __str__(self) -> str:
        return f"{self.name} ({self.case})" if self.case else self.name


def told_by(service: Service, use_case: UseCase, prepared: Any) -> Told:
    """What the caller of the use case is told now. Other errors than the project's are raised."""
    try:
        value = use_case.run(service, prepared)
    except CommitOutcomeUnknown as error:
        return Told(UNKNOWN, type(error).__name__)
    except StorageError as error:
        return Told(UNKNOWN if error.maybe_applied else NOT_WRITTEN, type(error).__name__)
    except DynastrataError as error:
        return Told(REFUSED, service.anonymous(f"{type(error).__name__}: {error}"))
    return Told(RETURNED, service.anonymous(repr(value)))
