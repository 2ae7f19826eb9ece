"""The guide to a new aggregate, followed to the letter in a copy of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from attrs import frozen

from infrastructure.contexts.registered import REGISTERED

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "adding-an-aggregate.md"
COPIED = (
    "domain",
    "application",
    "infrastructure",
    "api",
    "settings",
    "scripts",
    "tests",
    "requirements",
    "pyproject.toml",
)
MAX_LINES = 60

_BLOCK = re.compile(r"<!-- (?P<place>.+?) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
_NEW = re.compile(r"new file: (?P<path>\S+)")
_EDIT = re.compile(
    r"in (?P<path>\S+), (?P<how>below|above|replacing): (?P<anchor>.+?)(?: \(not counted\))?$"
)
_COMMAND = re.compile(r"^\$ \.venv/bin/python -m (?P<command>.+)$", re.MULTILINE)

SAMPLES = {"users", "orders"}
"""The repositories of a clone."""


@frozen
class Block:
    """A block of code and the instruction above it."""

    place: str
    code: str

    @property
    def counts(self) -> bool:
        return "(not counted)" not in self.place

    def apply(self, copy: Path) -> None:
        """Writes the block where its instruction says."""
        if new := _NEW.match(self.place):
            path = copy / new["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.code)
            return
        edit = _EDIT.match(self.place)
        assert edit is not None, self.place
        path = copy / edit["path"]
        lines = path.read_text().splitlines(keepends=True)
        (found,) = (n for n, line in enumerate(lines) if line.strip().startswith(edit["anchor"]))
        start = found + (edit["how"] == "below")
        end = found + (edit["how"] != "above")
        lines[start:end] = [self.code]
        path.write_text("".join(lines))


def blocks() -> list[Block]:
    return [Block(m["place"], m["code"]) for m in _BLOCK.finditer(GUIDE.read_text())]


def test_every_block_of_the_guide_has_its_place() -> None:
    assert len(blocks()) == GUIDE.read_text().count("```python\n")


def test_a_new_aggregate_takes_at_most_sixty_lines() -> None:
    written = [line for block in blocks() if block.counts for line in block.code.splitlines()]
    lines = [line for line in written if line.strip()]
    assert 0 < len(lines) <= MAX_LINES, f"{len(lines)} lines, blank ones left out"


def copied(directory: Path, *more: str) -> Path:
    """A copy of the code, and of `more` files and folders.

    Skips the test in a service that has contexts of its own: the guides begin with a clone.
    """
    if set(REGISTERED.repositories) != SAMPLES:
        pytest.skip("The guides begin with a clone; this service has contexts of its own.")
    for name in (*COPIED, *more):
        source = ROOT / name
        if source.is_dir():
            # With what is compiled, but for what is being written: edited files are compiled anew.
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(source, directory / name)
    # The engines are large, and made ready once.
    (ROOT / ".engines").mkdir(exist_ok=True)
    (directory / ".engines").symlink_to(ROOT / ".engines")
    return directory


def test_a_new_aggregate_touches_two_files_that_others_share() -> None:
    assert shared(blocks()) == {
        "application/ports/unit_of_work.py",
        "infrastructure/contexts/registered.py",
    }


def shared(followed: Iterable[Block]) -> set[str]:
    """The files that a guide edits, and that were there before."""
    places = [block.place for block in followed]
    edited = {edit["path"] for place in places if (edit := _EDIT.match(place))}
    return edited - {new["path"] for place in places if (new := _NEW.match(place))}


def follow(copy: Path) -> None:
    """Does in a copy what the guide says."""
    for block in blocks():
        block.apply(copy)
    for found in sorted(set(_COMMAND.findall(GUIDE.read_text()))):
        run(copy, *found.split())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code in which the guide was followed."""
    copy = copied(tmp_path_factory.mktemp("coupons"), "docs", "README.md")
    follow(copy)
    return copy


def run(copy: Path, *command: str, module: bool = True) -> str:
    """What a command of Python prints in a copy; it has to succeed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [sys.executable, *(("-m",) if module else ()), *command],
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_types(copy: Path, *places: str) -> None:
    """Runs mypy in a copy, for which holds what it knows of the files here."""
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")
    run(copy, "mypy", *places)


PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
CONTRACT = (*PYTEST, "tests/coupons/test_coupons.py")


def test_the_new_aggregate_passes_its_contract(copy: Path) -> None:
    run(copy, *CONTRACT, "-m", "not engine")


@pytest.mark.engine
def test_the_new_aggregate_passes_its_contract_on_real_engines(copy: Path) -> None:
    run(copy, *CONTRACT, "-m", "engine")


def test_the_new_aggregate_passes_the_checks(copy: Path) -> None:
    run(copy, "ruff", "check", "-q")
    run(copy, "ruff", "format", "-q", "--check")
    check_types(copy)
