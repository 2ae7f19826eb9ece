"""Fixtures: stores of the contexts of the service, courses among them."""

from __future__ import annotations

import pytest

from infrastructure.contexts.context import Contexts
from infrastructure.contexts.registered import REGISTERED


@pytest.fixture
def contexts() -> Contexts:
    """What the stores of these tests are of."""
    return REGISTERED
