"""Policies for the tables of a contract allow what is asked for, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cfnlint.api import lint

from api.composition.migration.deployment import make_contract_deployment
from infrastructure.deployment.addresses import Place
from infrastructure.deployment.policies import policy
from infrastructure.deployment.role import OF_CONTRACT, Role
from infrastructure.engines import LocalEngine
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.reading import contract_from
from infrastructure.migration.repository.conflicts import ItemChanged
from tests.deployment.grants import granted_by, not_allowed, not_needed
from tests.deployment.migrating import CONTRACT, TABLE, Migrating, migrating, reader
from tests.deployment.samples import ACCOUNT as SHOP
from tests.deployment.samples import settings_of
from tests.deployment.test_policies import MAX_POLICY
from tests.migration.contract.documents import v2
from tests.migration.mariadb import MariaDB
from tests.stores import REGION


@pytest.fixture
def readers(ministack: LocalEngine, mariadb: MariaDB, tmp_path: Path) -> Iterator[Migrating]:
    yield from migrating(ministack, mariadb.new_database(), tmp_path)


def assert_exact(readers: Migrating, role: Role) -> None:
    """The policy of a role allows what was asked for, and nothing else."""
    grants = granted_by(role, make_contract_deployment(readers.settings, CONTRACT))
    assert not_allowed(readers.asked[role], grants) == set()
    assert not_needed(readers.asked[role], grants) == set()


@pytest.mark.engine
def test_who_migrates_may_do_what_the_commands_ask_for_and_nothing_else(
    readers: Migrating,
) -> None:
    readers.insert(1, 2, 3, 4)
    readers.copy()
    readers.copy()  # into tables that are there
    readers.migrate("check", "CONTRACT", "--live")
    readers.insert(5)
    readers.migrate("verify", "CONTRACT", "--workers", "1", "--repair")
    readers.migrate("verify", "CONTRACT", "--workers", "1")
    readers.migrate("phase", "show", "CONTRACT", TABLE)
    readers.step()
    readers.migrate("phase", "back", "CONTRACT", TABLE)
    repair_what_is_behind(readers)
    repair_a_key_that_is_taken_over(readers)
    assert_exact(readers, Role.MIGRATION)


def repair_what_is_behind(readers: Migrating) -> None:
    """A row that changed, one that is gone, one with a value that another had; then the source."""
    readers.sql(
        "UPDATE readers SET email = 'ada@example.org' WHERE id = 1",
        "DELETE FROM readers WHERE id = 2",
        "UPDATE readers SET email = 'grace@example.org' WHERE id = 3",
        "UPDATE readers SET email = '3@example.org' WHERE id = 4",
    )
    readers.leave_behind(Side.TARGET, 1, 2, 4)
    readers.migrate("repair", "CONTRACT")
    readers.leave_behind(Side.SOURCE, 1)
    readers.migrate("repair", "CONTRACT")


def repair_a_key_that_is_taken_over(readers: Migrating) -> None:
    readers.sql("UPDATE readers SET full_name = 'Grace' WHERE id = 1")
    readers.leave_behind(Side.TARGET, 1)
    readers.ousted()
    readers.migrate("repair", "CONTRACT", code=3)


@pytest.mark.engine
def test_service_code_may_do_what_its_repositories_ask_for_and_nothing_else(
    readers: Migrating,
) -> None:
    readers.insert(1, 2, 3)
    readers.copy()
    readers.migrate("phase", "show", "CONTRACT", TABLE)
    use_while_it_moves(readers)
    use_once_it_has_moved(readers)
    assert_exact(readers, Role.CONTRACT_APPLICATION)


def use_while_it_moves(readers: Migrating) -> None:
    for phase in range(5):
        with readers.moving() as repository:
            repository.put(reader(10 + phase))
            repository.update({"ReaderId": 10 + phase}, {"Email": f"new-{phase}@example.org"})
            repository.get({"ReaderId": 10 + phase})
            repository.delete({"ReaderId": 10 + phase})
        if phase == 1:
            write_what_is_behind(readers)
        if phase < 4:
            readers.migrate("repair", "CONTRACT")
            readers.step()


def write_what_is_behind(readers: Migrating) -> None:
    """On the side that leads; and what another writer takes over meanwhile."""
    readers.leave_behind(Side.SOURCE, 1)
    with readers.moving() as repository:
        repository.put(reader(1, "ada@example.org"))
        readers.ousted()
        repository.put(reader(2, "grace@example.org"))


def use_once_it_has_moved(readers: Migrating) -> None:
    with readers.moved() as repository:
        repository.put(reader(20), expected=None)
        repository.get({"ReaderId": 20})
        repository.get_by_unique({"Email": "20@example.org"})
        repository.query({"ReaderId": 20})
        repository.query({"Email": "20@example.org"}, index="ByEmail")
        repository.update({"ReaderId": 20}, {"Email": "new@example.org"})
        repository.delete({"ReaderId": 20})
        readers.overtaken(21)
        with pytest.raises(ItemChanged):
            repository.put(reader(21), expected=None)


@pytest.mark.parametrize("role", sorted(OF_CONTRACT))
def test_a_policy_for_a_contract_is_small_enough_and_passes_cfn_lint(role: Role) -> None:
    deployment = make_contract_deployment(settings_of(), contract_from(v2()))
    document = policy(role, deployment, Place(region=REGION, account=SHOP))
    assert len(json.dumps(document, separators=(",", ":"))) <= MAX_POLICY
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert lint(json.dumps({"Resources": {"Policy": resource}})) == []


@pytest.mark.parametrize("role", sorted(OF_CONTRACT))
def test_a_policy_for_a_contract_names_its_tables_and_no_others(role: Role) -> None:
    deployment = make_contract_deployment(settings_of(), contract_from(v2()))
    tables = {
        resource.rpartition(":table/")[2].partition("/")[0]
        for _, resource in granted_by(role, deployment)
    }
    own = {f"shop-{table.name}" for table in contract_from(v2()).tables}
    kept = {"shop-migration-claims", "shop-migration-phases", "shop-migration-journal"}
    assert tables == own | kept
