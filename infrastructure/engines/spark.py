"""Apache Spark from a Python package: what the migration's engine `spark` runs on in the tests."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from infrastructure.engines.errors import EngineUnavailable
from infrastructure.engines.provision import ENGINES, REPOSITORY, fetch, provisioned

NAME = "Spark"
REQUIREMENTS = REPOSITORY / "requirements" / "spark.txt"


def prepare(home: Path = ENGINES, requirements: Path = REQUIREMENTS) -> Path:
    """The directory that has pyspark in it, made on first use: 450 MB, which take a minute.

    Raises:
        EngineUnavailable: there is no Java, or the package cannot be had.
    """
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        raise EngineUnavailable(NAME, "java is not installed")
    if not requirements.is_file():
        raise EngineUnavailable(NAME, f"{requirements.name} is missing beside the packages")
    return provisioned(home / "spark", [requirements], lambda made: _install(made, requirements))


def _install(directory: Path, requirements: Path) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options: list[str | Path] = ["--no-deps", "--require-hashes", "--requirement", requirements]
    fetch(NAME, [*pip, "install", "--target", directory, *options])
