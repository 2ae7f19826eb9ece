"""MiniStack: a stand-in for LocalStack from a Python package, no Docker needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.engines.process import LOOPBACK, LocalEngine, running
from infrastructure.engines.provision import ENGINES, REPOSITORY
from infrastructure.engines.python_environment import python_of
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
    return python_of(NAME, home / "ministack", requirements)


def command(python: Path, port: int, scratch: Path) -> EngineCommand:
    """The command that serves one port, with everything else MiniStack could open switched off."""
    return EngineCommand(
        arguments=[
            *(str(python), "-m", "uvicorn", "ministack.app:app"),
            *("--host", LOOPBACK, "--port", str(port), "--log-level", "warning"),
            *("--no-access-log", "--no-server-header", "--no-date-header"),  # it has its own
            *("--timeout-keep-alive", "75"),  # that of its own server: clients keep connections
        ],
        environment={
            "GATEWAY_PORT": str(port),  # for the URLs of its queues
            "SERVICES": _SERVICES,
            "IOT_MTLS_ENABLED": "0",  # else a broker on port 8883 of all interfaces
            "SFTP_ENABLED": "0",  # else one on port 2222 of all interfaces, once asked for
            "PERSIST_STATE": "0",
            "STATE_DIR": str(scratch / "state"),
            "LOG_LEVEL": "WARNING",
        },
    )
