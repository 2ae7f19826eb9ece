"""The guide from a clone to a service of one's own, followed in a copy of the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import tests.docs.test_adding_an_aggregate as adding
from tests.docs.markdown import GUIDES, ROOT, blocks, table

GUIDE = GUIDES / "getting-started.md"
TEXTS = ("scripts", "settings", "docs", "README.md", "Makefile", "docker-compose.yml")

_PLACED = re.compile(r"<!-- (?P<place>.+?) -->\n```python\n(?P<code>.*?)```", re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy in which both guides were followed, but for the renaming."""
    for name in (*adding.COPIED, *TEXTS):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    (ROOT / ".engines").mkdir(exist_ok=True)
    (tmp_path / ".engines").symlink_to(ROOT / ".engines")
    for block in adding.blocks():
        block.apply(tmp_path)
    for found in _PLACED.finditer(GUIDE.read_text()):
        adding.Block(found["place"], found["code"]).apply(tmp_path)
    return tmp_path


def test_every_block_has_its_place() -> None:
    shown = [block for block in blocks(GUIDE) if block.language == "python"]
    assert len(_PLACED.findall(GUIDE.read_text())) == len(shown)


TESTS = ("tests/unit/test_redeem_coupon.py", "tests/e2e/test_http_coupons.py")
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", *TESTS)


def test_the_use_case_and_the_route_work(copy: Path) -> None:
    adding.run(copy, *PYTEST, "-m", "not engine")
    adding.run(copy, "ruff", "check", "--select", "I", "--fix", "-q", "application", "api")
    adding.run(copy, "ruff", "check", "-q", "application/coupons", "api/http")
    adding.run(copy, "mypy", "domain", "application", "infrastructure", "api")


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


def test_after_the_renaming_nothing_bears_the_old_name(copy: Path) -> None:
    for program in ("bash", "git", "perl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    old = tomllib.loads((copy / "pyproject.toml").read_text())["project"]["name"]
    # The installed distribution keeps its name, and the app asks for its version.
    app = copy / "api/http/app.py"
    app.write_text(app.read_text().replace(f'version("{old}")', '"0"'))
    (copy / ".engines").unlink()
    for script in ("git init -q && git add -A", renaming(old, "renamed")):
        subprocess.run(["bash", "-euc", script], cwd=copy, check=True)  # noqa: S607
    left = [
        path.relative_to(copy).as_posix()
        for path in copy.rglob("*")
        if path.is_file() and old.encode() in path.read_bytes().lower() and ".git" not in path.parts
    ]
    assert left == []
    adding.run(copy, *PYTEST, "tests/unit/test_settings.py", "-m", "not engine")


def test_what_names_the_sample_is_in_the_list_of_what_to_remove() -> None:
    listed = [
        place
        for row in table(GUIDE, "6. Remove the sample")
        for place in re.findall(r"[\w/.*-]+", row["where"])
    ]
    removed = {path for place in listed for path in ROOT.glob(place)}
    names = re.compile(
        r"^(from|import) (\S*\busers\b|.* import users\b)|dynastrata.* seed\b|'seed'", re.MULTILINE
    )
    missing = [
        path.relative_to(ROOT).as_posix()
        for layer in ("domain", "application", "infrastructure", "api", "scripts")
        for path in sorted((ROOT / layer).rglob("*.*"))
        if path.suffix in {".py", ".sh", ".ps1"} and names.search(path.read_text())
        if not removed & {path, *path.parents}
    ]
    assert [place for place in listed if not list(ROOT.glob(place))] == []
    assert missing == []
