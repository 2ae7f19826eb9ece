"""The dependency rule, api -> infrastructure -> application -> domain, and proof that it bites."""

import re
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
ROOMS = "The rooms of infrastructure, each above those it uses"
MIGRATION = "The rooms of the migration, each above those it uses"
APART = "Memory and DynamoDB know nothing of each other"
COMPOSITION = "Only the composition names adapters"


PLANTED = [
    ("domain/errors.py", "import boto3", NO_FRAMEWORK),
    ("application/errors.py", "import cattrs", NO_FRAMEWORK),
    ("domain/errors.py", "import application", LAYERED),
    ("application/commit_each.py", "import infrastructure.engines", LAYERED),
    ("infrastructure/__init__.py", "import api.http", LAYERED),
    ("infrastructure/events/registry.py", "import infrastructure.subscriptions", ROOMS),
    ("infrastructure/outbox/store.py", "import infrastructure.messaging", ROOMS),
    ("infrastructure/system/clock.py", "import infrastructure.metering", ROOMS),
    ("infrastructure/migration/rows.py", "import infrastructure.migration.run", MIGRATION),
    ("infrastructure/memory/provider.py", "import infrastructure.dynamodb.provider", APART),
    ("infrastructure/dynamodb/provider.py", "import infrastructure.memory.provider", APART),
    ("api/http/__init__.py", "import infrastructure.dynamodb", COMPOSITION),
    ("api/cli/__init__.py", "import infrastructure.memory", COMPOSITION),
    ("infrastructure/cellar.py", '"""A room that has no place."""', ROOMS),
]
"""Lines that break a contract. All are planted at once: to build the graph takes seconds."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each contract that the planted lines break."""
    directory = tmp_path_factory.mktemp("violated")
    for name in [*LAYERS, "pyproject.toml"]:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, directory / name)
    for module, line, _ in PLANTED:
        with (directory / module).open("a") as violated:
            violated.write(f"\n{line}\n")
    checked = lint_imports(directory)
    assert checked.returncode != 0
    _, _, details = checked.stdout.partition("Broken contracts")
    return dict(re.findall(r"(?ms)^([^\n]+)\n-+\n\n(.*?)(?=^[^\n]+\n-+\n|\Z)", details))


@pytest.mark.parametrize(("module", "line", "contract"), PLANTED)
def test_planted_violation_breaks_its_contract_and_is_named(
    told: dict[str, str], module: str, line: str, contract: str
) -> None:
    importer = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    imported = line.removeprefix("import ")
    assert (importer if imported == line else f"{importer} -> {imported}") in told[contract]


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
