"""What `scripts/mutants.toml` names is there, so that `make mutants` tries what it says."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.mutants import mutants
from scripts.try_mutants import CONFIG, equivalent_changes

ROOT = Path(__file__).resolve().parents[2]
LISTED: dict[str, Any] = tomllib.loads(CONFIG.read_text())


def test_every_module_and_every_test_that_is_listed_is_there() -> None:
    tests = [each for listed in LISTED["modules"].values() for each in listed]
    files = {each.partition("::")[0] for each in tests if not each.startswith("-")}

    assert {each for each in {*LISTED["modules"], *files} if not (ROOT / each).is_file()} == set()


def test_every_test_that_is_listed_by_its_name_is_there() -> None:
    listed = {each for tests in LISTED["modules"].values() for each in tests if "::" in each}

    assert {each for each in listed if not _is_defined(each)} == set()


def _is_defined(test: str) -> bool:
    file, *names = test.partition("[")[0].split("::")
    defined = {getattr(node, "name", "") for node in ast.walk(ast.parse((ROOT / file).read_text()))}
    return defined >= set(names)


@pytest.mark.parametrize("module", sorted({each["module"] for each in LISTED["equivalent"]}))
def test_every_change_that_nobody_can_notice_can_be_made(module: str) -> None:
    assert module in LISTED["modules"]
    changes = equivalent_changes(LISTED, module)

    made = mutants((ROOT / module).read_text(), {was for was, _ in changes})

    assert changes - {mutant.change for mutant in made} == set()
