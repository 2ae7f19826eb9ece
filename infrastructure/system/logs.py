"""Where log lines go, and in what form."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import Processor

FAILURES_ARE_SHOWN: ContextVar[bool] = ContextVar("failures are shown", default=False)
"""Whether whoever waits for an operation tells how it failed: then it is not logged by itself."""


@contextmanager
def showing_failures() -> Iterator[None]:
    """Within the block the caller tells how operations failed."""
    token = FAILURES_ARE_SHOWN.set(True)
    try:
        yield
    finally:
        FAILURES_ARE_SHOWN.reset(token)


def configure_logs(level: str, *, as_json: bool) -> None:
    """Lines of at least this level go to standard error: JSON for machines, else for people.

    Called once by whatever starts a process, never by what is imported.
    """
    import structlog  # noqa: PLC0415 a command that logs nothing does without

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(as_json=as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _rendering(*, as_json: bool) -> list[Processor]:
    import structlog  # noqa: PLC0415 as above

    # Tracebacks never show local variables, which hold passwords and tokens.
    if as_json:
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
