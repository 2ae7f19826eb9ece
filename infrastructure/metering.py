"""Counting what storage costs: requests, read units, write units."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import define


@define
class Usage:
    """What was used so far. Units are capacity units as the engine reports them.

    A request counts once, however often it had to be sent until it was answered. A refused write
    costs units too, which no engine reports: only its request is counted.
    """

    requests: int = 0
    read_units: float = 0.0
    write_units: float = 0.0

    def add(self, *, requests: int = 0, read_units: float = 0.0, write_units: float = 0.0) -> None:
        """Adds to what was used."""
        self.requests += requests
        self.read_units += read_units
        self.write_units += write_units


class Meter:
    """Lets a caller measure what its own thread or task uses; measurements may nest."""

    def __init__(self) -> None:
        self._open: ContextVar[tuple[Usage, ...]] = ContextVar("open_measurements", default=())

    @contextmanager
    def measure(self) -> Iterator[Usage]:
        """Yields the usage of the `with` block, which grows while it runs."""
        usage = Usage()
        token = self._open.set((*self._open.get(), usage))
        try:
            yield usage
        finally:
            self._open.reset(token)

    @property
    def is_open(self) -> bool:
        """Whether somebody measures here."""
        return bool(self._open.get())

    def add(self, *, requests: int = 0, read_units: float = 0.0, write_units: float = 0.0) -> None:
        """Counts towards every measurement that is open here. For adapters alone."""
        for usage in self._open.get():
            usage.add(requests=requests, read_units=read_units, write_units=write_units)
