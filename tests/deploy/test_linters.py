"""What the linters of each format say of the samples."""

from __future__ import annotations

import re
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from shutil import which

import kubernetes_validate
import pytest
import yaml

from tests.deploy.samples import DOCKERFILE, MANIFESTS, ROOT, UNITS

SCRIPTS = Path(sys.executable).parent
COMMAND = "/opt/dynastrata/.venv/bin/dynastrata"
EXPOSURE = 20  # of a hundred, "OK" by systemd's own words

systemd = pytest.mark.skipif(
    which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
each_unit = pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)


def lint(*command: str) -> str:
    """What a linter says. Fails where it is not content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.skipif(sys.platform != "linux", reason="hadolint is installed on Linux alone")
def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert lint(str(SCRIPTS / "hadolint"), str(DOCKERFILE)) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="hadolint is installed on Linux alone")
def test_hadolint_would_find_something(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text().replace("python:3.12-slim", "python"))
    with pytest.raises(AssertionError, match="DL3006"):
        lint(str(SCRIPTS / "hadolint"), str(wrong))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_manifests_are_of_the_published_schema(path: Path) -> None:
    for resource in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


def test_manifest_that_is_not_is_noticed() -> None:
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "dataa": {}}
    with pytest.raises(kubernetes_validate.ValidationError, match="dataa"):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@each_unit
def test_units_have_sections_and_keys_that_can_be_read(path: Path) -> None:
    parser = RawConfigParser(strict=False)
    parser.read(path)
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert re.match(COMMAND + r" \w+", parser["Service"]["ExecStart"])


@systemd
@each_unit
def test_systemd_takes_the_unit(path: Path, tmp_path: Path) -> None:
    # It looks for the command, which is somewhere else here.
    here = tmp_path / path.name
    here.write_text(path.read_text().replace(COMMAND, str(ROOT / ".venv/bin/dynastrata")))
    assert lint("systemd-analyze", "verify", "--man=no", str(here)) == ""


@systemd
@each_unit
def test_unit_may_do_little(path: Path) -> None:
    lint(
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={EXPOSURE}",
        str(path),
    )
