"""Why a write to a contract's table was refused."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import Conflict
from infrastructure.migration.conversion.typed import Value


@frozen
class ItemChanged(Conflict):
    """The stored item is not what was expected. `key` is as people read it: `id=7`."""

    table: str
    key: str

    def __str__(self) -> str:
        return f"{self.key} of {self.table} is not as it was expected"


@frozen
class UniqueValueTaken(Conflict):
    """Another item has these values. They may be personal: they are in no text of this error."""

    table: str
    attributes: tuple[str, ...]
    values: tuple[Value, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{' and '.join(self.attributes)} of {self.table} is that of another item"
