"""The roles of processes."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Who needs permissions: a process may have several of these roles."""

    APPLICATION = "application"
    RELAY = "relay"
    PROJECTOR = "projector"
    READ_ONLY = "read-only"
    MIGRATION = "migration"
    CONTRACT_APPLICATION = "contract-application"


OF_CONTRACT = frozenset({Role.MIGRATION, Role.CONTRACT_APPLICATION})
"""The roles whose tables are those of a migration's contract, and no others."""
