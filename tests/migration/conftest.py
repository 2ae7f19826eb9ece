"""What holds in every test of the migration."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_source_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands know only the source that a test names."""
    monkeypatch.delenv("DYNASTRATA_MIGRATION_SOURCE", raising=False)
