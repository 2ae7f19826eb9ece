"""Where logical tables are: the physical name is a prefix and the logical name, or an override."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class TableNames:
    """Physical names of logical tables. `overrides` are whole names, by logical name."""

    prefix: str = ""
    overrides: Mapping[str, str] = field(factory=dict)

    def physical(self, logical: str) -> str:
        """The name of the table in the account and region."""
        return self.overrides.get(logical) or f"{self.prefix}{logical}"
