"""The dependency rule, api -> infrastructure -> application -> domain, and proof that it bites."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LAYERS = ["domain", "application", "infrastructure", "api"]

ALLOWED = {
    "domain": {"domain", "attr", "attrs"},
    "application": {"application", "domain", "attr", "attrs"},
}
"""What a layer may import beside the standard library: a list, so that a new dependency is asked
for and not only a known bad one refused."""


def test_contracts_hold() -> None:
    checked = lint_imports(REPOSITORY)

    assert checked.returncode == 0, checked.stdout


LAYERED = "Layers: api, infrastructure, application, domain"
NO_FRAMEWORK = "Inner layers know no framework"
CONTAINER = "Only the container names adapters"


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/errors.py", "import boto3", NO_FRAMEWORK),
        ("application/errors.py", "import cattrs", NO_FRAMEWORK),
        ("domain/errors.py", "import application", LAYERED),
        ("application/errors.py", "import infrastructure.engines", LAYERED),
        ("infrastructure/__init__.py", "import api.http", LAYERED),
        ("api/http/__init__.py", "import infrastructure.dynamodb", CONTAINER),
        ("api/cli/__init__.py", "import infrastructure.memory", CONTAINER),
    ],
)
def test_planted_violation_breaks_its_contract_and_is_named(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    for name in [*LAYERS, "pyproject.toml"]:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, tmp_path / name)
    with (tmp_path / module).open("a") as violated:
        violated.write(f"\n{line}\n")

    checked = lint_imports(tmp_path)

    assert checked.returncode != 0
    [broken] = [row for row in checked.stdout.splitlines() if " BROKEN" in row]
    assert broken.startswith(f"{contract} BROKEN")
    assert line.removeprefix("import ") in checked.stdout


@pytest.mark.parametrize("layer", ["domain", "application"])
def test_inner_layer_imports_nothing_outside_its_list(layer: str) -> None:
    graph = grimp.build_graph(*LAYERS, include_external_packages=True, cache_dir=None)
    modules = {layer} | graph.find_descendants(layer)

    imported = {
        (module, target.partition(".")[0])
        for module in modules
        for target in graph.find_modules_directly_imported_by(module)
    }
    allowed = ALLOWED[layer] | sys.stdlib_module_names

    assert {(module, package) for module, package in imported if package not in allowed} == set()


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
