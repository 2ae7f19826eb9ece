"""Local engines: they start on the loopback interface, end with whoever started them, and fail
with a reason."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import boto3
import pytest

from infrastructure.engines import EngineFailed, EngineUnavailable, LocalEngine, run_ministack
from infrastructure.engines import dynamodb_local as dynamodb_local_engine
from infrastructure.engines import ministack as ministack_engine
from infrastructure.engines.process import LOOPBACK, reserved_port, running
from infrastructure.engines.provision import REPOSITORY, provisioned
from infrastructure.engines.supervised import EngineCommand

on_linux = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")


@pytest.mark.engine
def test_engine_answers_the_dynamodb_api(engine: LocalEngine) -> None:
    client = boto3.client(
        "dynamodb",
        endpoint_url=engine.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.create_table(
        TableName="engines-test",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": "engines-test", "Item": {"id": {"S": "1"}}}}]
    )

    found = client.get_item(TableName="engines-test", Key={"id": {"S": "1"}}, ConsistentRead=True)

    client.delete_table(TableName="engines-test")
    client.close()
    assert found["Item"] == {"id": {"S": "1"}}


@on_linux
@pytest.mark.engine
def test_engine_listens_on_one_port_of_the_loopback_interface_and_nowhere_else(
    engine: LocalEngine,
) -> None:
    assert listening_addresses(engine.pid) == [engine.endpoint_url.removeprefix("http://")]


@pytest.mark.engine
def test_engine_and_its_files_are_gone_after_the_context(
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with run_ministack() as engine:
        assert is_alive(engine.pid)
        assert len(list(tmp_path.iterdir())) == 1

    assert not is_alive(engine.pid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engine
@pytest.mark.parametrize("engine_name", ["ministack", "dynamodb_local"])
def test_engine_and_its_files_are_gone_after_its_parent_was_killed(
    engine_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.getfixturevalue(engine_name)  # skips where this engine cannot be had
    program = (
        f"from infrastructure.engines import run_{engine_name} as run\n"
        "with run() as engine:\n"
        "    print(engine.pid, flush=True)\n"
        "    input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)

        parent.kill()

    assert eventually(lambda: not is_alive(pid))
    assert eventually(lambda: list(tmp_path.iterdir()) == [])


@pytest.mark.engine
def test_two_engines_run_side_by_side(ministack: LocalEngine) -> None:
    with run_ministack() as other:
        assert other.endpoint_url != ministack.endpoint_url
        assert other.pid != ministack.pid
        assert is_alive(ministack.pid)


@pytest.mark.engine
def test_variables_of_the_developer_do_not_reach_the_engine(
    ministack: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_SSL", "1")
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")  # noqa: S104 - what must not happen

    with run_ministack() as engine:
        assert engine.endpoint_url.startswith("http://127.0.0.1:")


@pytest.mark.engine
def test_taken_port_is_given_up_for_another(ministack: LocalEngine) -> None:
    tried: list[int] = []

    def command(port: int, scratch: Path) -> EngineCommand:
        tried.append(port)
        if len(tried) == 1:
            return EngineCommand([sys.executable, "-c", "exit('Address already in use')"])
        python = ministack_engine.prepare()
        return ministack_engine.command(python, port, scratch)

    with running("Engine", command) as engine:
        assert engine.endpoint_url == f"http://{LOOPBACK}:{tried[1]}"


def test_port_that_is_taken_every_time_fails_after_a_few_attempts() -> None:
    with pytest.raises(EngineFailed, match="found no free port in 5 attempts"):
        start("exit('Address already in use')")


@on_linux
def test_reserved_port_can_be_served_but_is_given_to_nobody_else() -> None:
    with reserved_port() as port, socket.socket() as server, socket.socket() as stranger:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            stranger.bind((LOOPBACK, port))

        server.bind((LOOPBACK, port))
        server.listen()


def test_command_that_ends_by_itself_fails_with_the_end_of_its_log() -> None:
    with pytest.raises(EngineFailed, match="ended with exit code 3") as failed:
        start("import sys; print('the disk is full'); sys.exit(3)")

    assert failed.value.log == "the disk is full"


def test_command_that_never_answers_fails_within_its_time_and_is_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    program = f"""if True:
        import os, pathlib, time
        pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))
        print("still thinking", flush=True)
        time.sleep(60)
    """
    with pytest.raises(EngineFailed, match="did not answer within 1 s") as failed:
        start(program, ready_within=1)

    assert failed.value.log == "still thinking"
    assert not is_alive(int(pid_file.read_text()))


def test_command_that_cannot_be_executed_fails_with_its_name() -> None:
    with (
        pytest.raises(EngineFailed, match="no-such-engine"),
        running("Engine", lambda port, scratch: EngineCommand(["no-such-engine"])),
    ):
        pass


def test_requirements_that_cannot_be_installed_leave_no_environment(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("./no-such-package --hash=sha256:" + "0" * 64)
    home = tmp_path / "engines"

    with pytest.raises(EngineUnavailable, match="MiniStack is not available"):
        ministack_engine.prepare(home, requirements)

    assert list(home.iterdir()) == []


def test_missing_requirements_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"gone\.txt is missing"):
        ministack_engine.prepare(tmp_path, tmp_path / "gone.txt")


def test_missing_java_makes_dynamodb_local_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineUnavailable, match="java is not installed"):
        dynamodb_local_engine.prepare(tmp_path / "engines")


def test_old_java_makes_dynamodb_local_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(EngineUnavailable, match=r"needs Java 17 or newer, .* version \"11\.0\.2\""):
        dynamodb_local_engine.prepare(tmp_path / "engines")


def test_directory_is_built_once_for_the_same_inputs_and_anew_for_others(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    built: list[str] = []

    def provide() -> Path:
        return provisioned(tmp_path / "engine", [wanted], lambda made: built.append(made.name))

    wanted.write_text("one")
    first, again = provide(), provide()
    wanted.write_text("two")
    other = provide()

    assert first == again != other
    assert len(built) == 2


@pytest.mark.race
def test_directory_asked_for_by_many_at_once_is_whole_for_all_of_them(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("one")
    everyone_builds = Barrier(8, timeout=10)
    found: list[list[str]] = []

    def build(made: Path) -> None:
        everyone_builds.wait()
        (made / "half").touch()
        (made / "whole").touch()

    def provide() -> None:
        directory = provisioned(tmp_path / "engine", [wanted], build)
        found.append(sorted(path.name for path in directory.iterdir()))

    threads = [Thread(target=provide) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [["half", "whole"]] * 8
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def start(program: str, ready_within: float = 30) -> None:
    """Start a Python program that is no engine, as one."""
    command = EngineCommand([sys.executable, "-c", program])
    with running("Engine", lambda port, scratch: command, ready_within=ready_within):
        pass


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(condition: Callable[[], bool], within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def listening_addresses(pid: int) -> list[str]:
    """The TCP addresses, of both protocols, that this process accepts connections on."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    listening = "0A"
    return [readable(row[1]) for row in rows if row[3] == listening and row[9] in inodes]


def readable(address: str) -> str:
    """`0100007F:1F90`, as /proc writes it, as `127.0.0.1:8080`; IPv6 stays as it is."""
    host, port = address.split(":")
    if len(host) != 8:
        return address
    return f"{socket.inet_ntoa(bytes.fromhex(host)[::-1])}:{int(port, 16)}"
