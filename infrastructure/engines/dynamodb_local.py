"""DynamoDB Local: Amazon's own engine for development, from its Maven package."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.engines.errors import EngineUnavailable
from infrastructure.engines.process import LocalEngine, running
from infrastructure.engines.provision import ENGINES, REPOSITORY, fetch, found, provisioned
from infrastructure.engines.supervised import EngineCommand

NAME = "DynamoDB Local"
PROJECT = REPOSITORY / "requirements" / "dynamodb-local.xml"

_SERVER = Path(__file__).with_name("LoopbackServer.java")
_OLDEST_JAVA = 17

# A small heap and the quick compiler: it starts sooner, and tests run one for each worker.
_JVM_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


@contextmanager
def run_dynamodb_local(home: Path = ENGINES, project: Path = PROJECT) -> Iterator[LocalEngine]:
    """A DynamoDB Local of its own, in memory; one database for all regions and credentials.

    The first use on a machine fetches it, which takes some seconds and the package registry.

    Raises:
        EngineUnavailable: a JDK of at least 17 or Maven is missing, or the package cannot be had.
        EngineFailed: it does not start.
    """
    directory = prepare(home, project)
    java = _jdk("java")
    with running(NAME, lambda port, scratch: _command(java, directory, port, scratch)) as engine:
        yield engine


def prepare(home: Path = ENGINES, project: Path = PROJECT) -> Path:
    """The directory with the engine's libraries and our server class, made on first use."""
    if not project.is_file():
        raise EngineUnavailable(NAME, f"{project.name} is missing beside the packages")
    _check_java_version(_jdk("java"))
    return provisioned(
        home / "dynamodb-local", [project, _SERVER], lambda made: _install(made, project)
    )


def _install(directory: Path, project: Path) -> None:
    compiler = _jdk("javac")
    maven = ["--batch-mode", "--quiet", "--strict-checksums", "--file", str(project)]
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={directory / 'lib'}"]
    fetch(NAME, [found(NAME, "mvn"), *maven, *copy])
    fetch(NAME, [compiler, "-d", directory, "-cp", _class_path(directory), _SERVER])


def _command(java: Path, directory: Path, port: int, scratch: Path) -> EngineCommand:
    return EngineCommand(
        arguments=[
            *(str(java), *_JVM_OPTIONS),
            "-Djava.net.preferIPv4Stack=true",
            f"-Djava.io.tmpdir={scratch}",
            f"-Dsqlite4java.library.path={directory / 'lib'}",
            *("-cp", _class_path(directory), _SERVER.stem, str(port)),
        ]
    )


def _class_path(directory: Path) -> str:
    return os.pathsep.join([str(directory), str(directory / "lib" / "*")])


def _jdk(program: str) -> Path:
    home = os.environ.get("JAVA_HOME")
    inside = Path(home, "bin", program) if home else None
    return inside if inside is not None and inside.is_file() else found(NAME, program)


def _check_java_version(java: Path) -> None:
    answer = subprocess.run(
        [str(java), "-version"], capture_output=True, text=True, timeout=60, check=False
    )
    version = re.search(r'version "(\d+)', answer.stderr)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        said = answer.stderr.strip().partition("\n")[0]
        raise EngineUnavailable(NAME, f"it needs Java {_OLDEST_JAVA} or newer, {java} is: {said}")
