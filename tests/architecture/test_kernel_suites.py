"""The kernel's suites use aggregates of their own, so that they outlive the samples."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

SAMPLES = (
    "domain.users",
    "domain.orders",
    "domain.courses",
    "application.users",
    "application.orders",
    "application.courses",
    "application.ports.notifier",
    "application.ports.password_hasher",
    "infrastructure.contexts.users",
    "infrastructure.contexts.orders",
    "infrastructure.contexts.courses",
    "infrastructure.dynamodb.models.users",
    "infrastructure.system.mail",
    "infrastructure.system.notifiers",
    "infrastructure.system.passwords",
    "api.composition.mail",
    "api.http.users",
    "api.http.orders",
    "api.http.courses",
    "api.cli.seed",
    "api.cli.demo.users",
    "api.cli.demo.orders",
    "api.cli.demo.courses",
    "scripts.attack",
    "scripts.bench",
    "scripts.measure_costs",
    "scripts.trace_requests",
    "tests.bench",
    "tests.users",
    "tests.orders",
    "tests.courses",
    "tests.e2e",
    "tests.docs",
)
"""What is gone when the samples are removed."""

CONTEXTS = {path.stem for path in (TESTS.parent / "infrastructure/contexts").glob("*.py")}

WITH_THE_SAMPLES = ("bench", "e2e", "docs", *(CONTEXTS - {"__init__", "context", "registered"}))
"""The folders of tests that are about the contexts of the service, and go with them."""

OF_SCRIPTS = ("architecture/test_traced_requests.py", "integration/test_costs.py")
"""The tests of scripts that go with the samples."""


def imported(module: Path) -> Iterator[str]:
    """The full names of what a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def samples_imported(tests: Path) -> list[tuple[str, str]]:
    """Every import of a sample by a module of the kernel's suites, with the path of that module."""
    return [
        (path.as_posix(), name)
        for module in sorted(tests.rglob("*.py"))
        if (path := module.relative_to(tests)).parts[0] not in WITH_THE_SAMPLES
        if path.as_posix() not in OF_SCRIPTS
        for name in imported(module)
        if any(f"{name}.".startswith(f"{sample}.") for sample in SAMPLES)
    ]


def test_no_module_of_the_kernels_suites_imports_a_sample() -> None:
    assert samples_imported(TESTS) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import domain.users", "domain.users"),
        ("from domain.orders.order import Order", "domain.orders.order.Order"),
        ("from infrastructure.contexts import users", "infrastructure.contexts.users"),
        ("from tests import orders as samples", "tests.orders"),
        ("def late():\n    from tests.e2e.clients import Api", "tests.e2e.clients.Api"),
    ],
)
def test_planted_import_is_found_and_named(tmp_path: Path, line: str, name: str) -> None:
    for folder in ("unit", "e2e"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_planted.py").write_text(f"{line}\n")

    assert samples_imported(tmp_path) == [("unit/test_planted.py", name)]


@pytest.mark.parametrize("line", ["import tests.users_of_tables", "from tests import samples"])
def test_import_of_something_else_is_none_of_a_sample(tmp_path: Path, line: str) -> None:
    (tmp_path / "test_planted.py").write_text(f"{line}\n")

    assert samples_imported(tmp_path) == []
