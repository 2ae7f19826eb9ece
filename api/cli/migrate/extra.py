"""What only migrations need, and whoever does not migrate need not install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infrastructure.migration.errors import ExtraMissing

_PACKAGES = ("pymysql", "sqlalchemy", "sqlglot")


@contextmanager
def needing_extra() -> Iterator[None]:
    """For imports: raises `ExtraMissing` where one of the packages is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _PACKAGES:
            raise
        raise ExtraMissing(package) from error
