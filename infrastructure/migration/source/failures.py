"""What a source that does not answer is told as."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import DynastrataError


@frozen
class SourceFailed(DynastrataError):
    """The source refused, or could not be asked. Names neither values nor the password."""

    reason: str

    def __str__(self) -> str:
        return f"the source: {self.reason}"


@contextmanager
def source_failures() -> Iterator[None]:
    """Raises `SourceFailed` for what the source's driver raises."""
    try:
        yield
    except DBAPIError as error:
        # Its own text would show the statement with its parameters.
        cause = error.orig
        reason = "no answer" if cause is None else str(cause.args[-1] if cause.args else cause)
        raise SourceFailed(reason) from error
    except SQLAlchemyError as error:
        raise SourceFailed(str(error)) from error
