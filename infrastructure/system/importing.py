"""Imports without what a package looks for and nobody here needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Within the block these are not to be had, unless they are imported already.

    For packages that import others where they are installed. What they leave out is left out for
    as long as the process lives.
    """
    new = [name for name in modules if name not in sys.modules]
    for name in new:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python is told
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]
