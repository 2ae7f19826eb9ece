"""`scripts/setup-localstack.sh` seeds users."""

from __future__ import annotations

from uuid import uuid4

import pytest

from infrastructure.engines import LocalEngine
from tests.integration import test_setup_script as setup

pytestmark = [pytest.mark.engine, setup.pytestmark]


def test_a_first_run_seeds_users_and_a_second_one_leaves_them_alone(ministack: LocalEngine) -> None:
    prefix = f"setup-{uuid4().hex}-"
    here = {
        "DYNASTRATA_ENDPOINT_URL": ministack.endpoint_url,
        "DYNASTRATA_TABLE_PREFIX": prefix,
    }
    first = setup.run(**here)
    _, users = setup.stored(ministack, prefix)[f"{prefix}users"]
    second = setup.run(**here)
    _, users_after_second = setup.stored(ministack, prefix)[f"{prefix}users"]

    assert len(users) == 8  # four users and the claims on their addresses
    assert users_after_second == users
    assert f"{prefix}users: created" in first.stdout
    assert f"{prefix}users: was there, left alone" in second.stdout
