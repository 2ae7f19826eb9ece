"""The guide from a clone to a service of one's own, followed in a copy of the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import tests.docs.test_adding_an_aggregate as adding
from tests.markdown import GUIDES, blocks

GUIDE = GUIDES / "getting-started.md"
TEXTS = ("docs", "README.md", "Makefile", "docker-compose.yml")

_PLACED = re.compile(r"<!-- (?P<place>.+?) -->\n```python\n(?P<code>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which both guides were followed, but for the renaming."""
    copy = adding.copied(tmp_path_factory.mktemp("getting-started"), *TEXTS)
    adding.follow(copy)
    for found in _PLACED.finditer(GUIDE.read_text()):
        adding.Block(found["place"], found["code"]).apply(copy)
    return copy


def test_every_block_has_its_place() -> None:
    shown = [block for block in blocks(GUIDE) if block.language == "python"]
    assert len(_PLACED.findall(GUIDE.read_text())) == len(shown)


TESTS = ("tests/coupons/test_redeem_coupon.py", "tests/e2e/test_http_coupons.py")
PYTEST = (*adding.PYTEST, *TESTS)
OF_ALL_CONTEXTS = (
    "tests/architecture/test_contexts.py",
    "tests/architecture/test_kernel_suites.py",
    "tests/docs/test_adding_an_aggregate.py",
    "tests/docs/test_references.py",
    "tests/courses/test_stored_names.py",
    "tests/e2e/test_container.py",
    "tests/orders/test_order_repository.py",
    "tests/orders/test_stored_names.py",
    "tests/unit/test_settings.py",
    "tests/users/test_stored_names.py",
    "tests/users/test_user_repository.py",
)
"""The fast tests that see every context of the service: one more must not break them."""

LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"


def test_the_use_case_and_the_route_work_and_break_nothing_else(copy: Path) -> None:
    adding.run(copy, "ruff", "check", "-q", "--fix", "--exit-zero")
    adding.run(copy, "ruff", "format", "-q")
    adding.run(copy, "ruff", "check", "-q")
    adding.check_types(copy)
    adding.run(copy, "-c", LINT_IMPORTS, "--no-cache", module=False)
    adding.run(copy, *PYTEST, *OF_ALL_CONTEXTS, "-m", "not engine", "-k", "not moto")


@pytest.mark.engine
def test_the_route_works_on_a_real_engine(copy: Path) -> None:
    adding.run(copy, *PYTEST, "-m", "engine")


def renaming(old: str, new: str) -> str:
    """The command of the guide, to another new name: once followed, both of its names are one."""
    (block,) = (block for block in blocks(GUIDE) if "git grep" in block.code)
    changes = "; ".join(
        f"s/{style(old)}/{style(new)}/g" for style in (str.lower, str.upper, str.capitalize)
    )
    script, places = re.subn("'s/.*/g'", f"'{changes}'", block.code)
    assert places == 1
    assert f"git grep -lzi {old} " in script
    return script.removesuffix("make format\n")


def test_after_the_renaming_nothing_bears_the_old_name(copy: Path, tmp_path: Path) -> None:
    for program in ("bash", "git", "perl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    old = tomllib.loads((copy / "pyproject.toml").read_text())["project"]["name"]
    # What is not in a repository is left out: caches, and the engines.
    copy = shutil.copytree(
        copy, tmp_path / "renamed", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    # The installed distribution keeps its name, and the app asks for its version.
    app = copy / "api/http/app.py"
    app.write_text(app.read_text().replace(f'version("{old}")', '"0"'))
    for script in ("git init -q && git add -A", renaming(old, "renamed")):
        subprocess.run(["bash", "-euc", script], cwd=copy, check=True)  # noqa: S607
    left = [
        path.relative_to(copy).as_posix()
        for path in copy.rglob("*")
        if path.is_file() and old.encode() in path.read_bytes().lower() and ".git" not in path.parts
    ]
    assert left == []
    adding.run(copy, *PYTEST, "tests/unit/test_settings.py", "-m", "not engine")


def test_a_third_context_touches_four_files_that_others_share() -> None:
    placed = [adding.Block(m["place"], m["code"]) for m in _PLACED.finditer(GUIDE.read_text())]

    assert adding.shared([*adding.blocks(), *placed]) == {
        "application/ports/unit_of_work.py",
        "infrastructure/contexts/registered.py",
        "api/container.py",
        "api/http/contexts.py",
    }
