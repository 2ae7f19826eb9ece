"""MiniStack: a stand-in for LocalStack from a Python package, no Docker needed."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.engines.errors import EngineUnavailable
from infrastructure.engines.process import LOOPBACK, LocalEngine, running
from infrastructure.engines.provision import ENGINES, REPOSITORY, fetch, provisioned
from infrastructure.engines.supervised import EngineCommand

NAME = "MiniStack"
REQUIREMENTS = REPOSITORY / "requirements" / "ministack.txt"

_SERVICES = "dynamodb,dynamodbstreams,s3,sqs,sns,events,sts,cloudformation,monitoring"


@contextmanager
def run_ministack(home: Path = ENGINES, requirements: Path = REQUIREMENTS) -> Iterator[LocalEngine]:
    """A MiniStack of its own with DynamoDB and its streams, S3, SQS, SNS and EventBridge.

    The first use on a machine installs it, which takes some seconds and the package registry.

    Raises:
        EngineUnavailable: it cannot be installed.
        EngineFailed: it does not start.
    """
    python = prepare(home, requirements)
    with running(NAME, lambda port, scratch: command(python, port, scratch)) as engine:
        yield engine


def prepare(home: Path = ENGINES, requirements: Path = REQUIREMENTS) -> Path:
    """The Python interpreter of MiniStack's own environment, made on first use.

    It needs one of its own because it pins a version of botocore, which is not ours.
    """
    if not requirements.is_file():
        raise EngineUnavailable(NAME, f"{requirements.name} is missing beside the packages")
    directory = home / f"ministack-py{sys.version_info.major}{sys.version_info.minor}"
    environment = provisioned(directory, [requirements], lambda made: _install(made, requirements))
    python = _python(environment)
    if not python.exists():
        # The interpreter it was made with has been removed or moved since.
        shutil.rmtree(environment)
        return prepare(home, requirements)
    return python


def _install(environment: Path, requirements: Path) -> None:
    fetch(NAME, [sys.executable, "-m", "venv", environment])
    pip: list[str | Path] = [
        _python(environment),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
    ]
    fetch(NAME, [*pip, "install", "--require-hashes", "--requirement", requirements])


def _python(environment: Path) -> Path:
    # By the interpreter, never by the scripts beside it: those bear the path they were made at.
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def command(python: Path, port: int, scratch: Path) -> EngineCommand:
    """The command that serves one port, with everything else MiniStack could open switched off."""
    return EngineCommand(
        arguments=[str(python), "-m", "ministack"],
        environment={
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,  # all interfaces by default
            "SERVICES": _SERVICES,
            "IOT_MTLS_ENABLED": "0",  # else a broker on port 8883 of all interfaces
            "SFTP_ENABLED": "0",  # else one on port 2222 of all interfaces, once asked for
            "PERSIST_STATE": "0",
            "STATE_DIR": str(scratch / "state"),
            "LOG_LEVEL": "WARNING",
        },
    )
