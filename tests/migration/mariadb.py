"""A MariaDB server of its own for each test process that asks for one, with as many databases.

A test that asks for it bears the marker `engine`.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from itertools import count
from pathlib import Path

import pymysql
import pytest
from attrs import field, frozen

from infrastructure.engines import EngineUnavailable
from infrastructure.engines.process import LOOPBACK, running
from infrastructure.engines.supervised import EngineCommand
from tests.engines import available

NAME = "MariaDB"
USER = "migration"
PASSWORD = "a password that no log may show"

_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
# Small files that nobody waits for: both are there within a second.
_INNODB = (
    *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M"),
    *("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"),
    *("--innodb-doublewrite=0", "--innodb-fast-shutdown=3", "--skip-log-bin"),
    *("--aria-pagecache-buffer-size=2M", "--key-buffer-size=1M", "--aria-log-file-size=8M"),
)


@frozen
class MariaDB:
    """A running server."""

    port: int
    socket: Path
    _numbers: Iterator[int] = field(factory=count)

    def new_database(self) -> str:
        """The URL of a database of its own, empty, with text of four bytes a character."""
        name = f"database_{next(self._numbers)}"
        connection = pymysql.connect(host=LOOPBACK, port=self.port, user=USER, password=PASSWORD)
        with connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql://{USER}:{PASSWORD.replace(' ', '%20')}@{LOOPBACK}:{self.port}/{name}"


@pytest.fixture(scope="session")
def mariadb(request: pytest.FixtureRequest) -> Iterator[MariaDB]:
    """The source of migrations: `mariadb.new_database()` gives each test its own."""
    with available(_run(), "mariadb", request) as server:
        yield server


@contextmanager
def _run() -> Iterator[MariaDB]:
    server, installer = _program("mariadbd"), _program("mariadb-install-db")
    sockets: list[Path] = []

    def command(port: int, scratch: Path) -> EngineCommand:
        data, socket_path = scratch / "data", scratch / "s"
        _install(installer, data)
        sockets.append(socket_path)
        return _command(server, port, data, socket_path)

    with running(NAME, command, answers=_answers) as engine:
        yield MariaDB(int(engine.endpoint_url.rpartition(":")[2]), sockets[-1])


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        raise EngineUnavailable(NAME, f"{name} is missing; apt-get install mariadb-server")
    return found


def _install(installer: str, data: Path) -> None:
    options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
    made = subprocess.run(
        [
            installer,
            "--no-defaults",
            f"--user={getuser()}",
            f"--datadir={data}",
            *options,
            *_INNODB,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    grant = f"GRANT ALL ON *.* TO {USER}@'%' IDENTIFIED BY '{PASSWORD}' WITH GRANT OPTION;"
    (data / "init.sql").write_text(grant)


def _command(server: str, port: int, data: Path, socket_path: Path) -> EngineCommand:
    return EngineCommand(
        [
            *(server, "--no-defaults", f"--user={getuser()}", f"--datadir={data}"),
            *(f"--bind-address={LOOPBACK}", f"--port={port}", f"--socket={socket_path}"),
            *(f"--pid-file={data / 'pid'}", f"--init-file={data / 'init.sql'}"),
            *("--skip-name-resolve", "--performance-schema=0", "--local-infile=1"),
            *_INNODB,
        ]
    )


def _answers(port: int) -> bool:
    """Whether a server greets: only then has it done what it does at its start."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            return b"MariaDB" in connection.recv(100)
    except OSError:
        return False
