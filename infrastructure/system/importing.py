"""Imports without what a package looks for and nobody here needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

from attrs import frozen
from typing_extensions import override


@frozen
class _NotFound(MetaPathFinder):
    """Is asked first, and says of these modules that there are none."""

    modules: tuple[str, ...]

    @override
    def find_spec(self, name: str, path: object, target: object = None, /) -> None:
        if name in self.modules:
            raise ModuleNotFoundError(f"{name} is hidden", name=name)


@contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Within the block these are not to be had, unless they are imported already.

    For packages that import others where they are installed. What they leave out is left out for
    as long as the process lives.
    """
    finder = _NotFound(modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
