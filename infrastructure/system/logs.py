"""Where log lines go, and in what form."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

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


def _common() -> list[Processor]:
    import structlog  # noqa: PLC0415 a command that logs nothing does without

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def config_of_server(level: str, *, as_json: bool) -> dict[str, Any]:
    """Lets the lines of uvicorn look like all others, for `logging.config`. It can be pickled.

    A line for each request has the correlation id of what it caused.
    """
    import structlog  # noqa: PLC0415 as above

    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "pass_foreign_args": True,
        "foreign_pre_chain": [*_common(), _fields_of_access],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(as_json=as_json),
        ],
    }
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": handler},
        "loggers": {
            "uvicorn": {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
        },
    }


def _fields_of_access(_: object, __: str, line: EventDict) -> EventDict:
    """The line that the server writes for each request, taken apart. Without the query."""
    values = line.pop("positional_args", ())
    if line["_record"].name != "uvicorn.access":
        return line
    client, method, path, _version, status = values
    told = {"client": client, "method": method, "path": str(path).partition("?")[0]}
    return {**line, "event": "request", **told, "status": status}


def configure_logs(level: str, *, as_json: bool) -> None:
    """Lines of at least this level go to standard error: JSON for machines, else for people.

    Called once by whatever starts a process, never by what is imported.
    """
    import structlog  # noqa: PLC0415 as above

    structlog.configure(
        processors=[*_common(), *_rendering(as_json=as_json)],
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
