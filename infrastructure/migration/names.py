"""The tables that a move keeps beside those of its contract. Names here are stored."""

from __future__ import annotations

CLAIMS = "migration-claims"
"""The table of claims on unique values of all tables of a contract."""

PHASES = "migration-phases"
"""The table of switches: which side leads, table by table."""

JOURNAL = "migration-journal"
"""The table of the journal: who writes a key, and which of its sides is behind."""
