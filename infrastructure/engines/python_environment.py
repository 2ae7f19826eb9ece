"""An environment of Python packages that are not ours, or of other versions than ours."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from infrastructure.engines.errors import EngineUnavailable
from infrastructure.engines.provision import fetch, provisioned


def python_of(name: str, directory: Path, requirements: Path) -> Path:
    """The Python interpreter of an environment with these packages, made on first use.

    The environment is beside `directory`, see `provisioned`, and has the version of this Python.

    Raises:
        EngineUnavailable: it cannot be made; says so of `name`.
    """
    if not requirements.is_file():
        raise EngineUnavailable(name, f"{requirements.name} is missing beside the packages")
    versioned = f"{directory.name}-py{sys.version_info.major}{sys.version_info.minor}"
    environment = provisioned(
        directory.with_name(versioned),
        [requirements],
        lambda made: _install(name, made, requirements),
    )
    python = _python(environment)
    if not python.exists():
        # The interpreter it was made with has been removed or moved since.
        shutil.rmtree(environment)
        return python_of(name, directory, requirements)
    return python


def _install(name: str, environment: Path, requirements: Path) -> None:
    # Our own pip installs into it: to give each one a pip takes as long as what it needs.
    fetch(name, [sys.executable, "-m", "venv", "--without-pip", environment])
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        _python(environment),
        "--disable-pip-version-check",
        "--quiet",
    ]
    fetch(name, [*pip, "install", "--require-hashes", "--requirement", requirements])


def _python(environment: Path) -> Path:
    # By the interpreter, never by the scripts beside it: those bear the path they were made at.
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
