"""`scripts/setup-localstack.sh` seeds users."""

from __future__ import annotations

from uuid import uuid4

import pytest

from infrastructure.engines import LocalEngine
from tests.integration import test_setup_script as setup

pytestmark = [pytest.mark.engine, setup.pytestmark]


def test_users_are_seeded(ministack: LocalEngine) -> None:
    # That a second run changes nothing is shown of all tables, whichever there are.
    prefix = f"setup-{uuid4().hex}-"
    first = setup.run(
        DYNASTRATA_ENDPOINT_URL=ministack.endpoint_url, DYNASTRATA_TABLE_PREFIX=prefix
    )
    _, users = setup.stored(ministack, prefix)[f"{prefix}users"]

    assert len(users) == 8  # four users and the claims on their addresses
    assert f"{prefix}users: created" in first.stdout
