"""The checkpoint of a table: what it promises after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.migration.claims.claim_file import ClaimFile
from infrastructure.migration.disk import FileFailed
from infrastructure.migration.rows import Reject
from infrastructure.migration.run.append_file import AppendFile
from infrastructure.migration.run.checkpoint import (
    AnotherMigration,
    Checkpoint,
    CheckpointDamaged,
    Identity,
    Plan,
)
from infrastructure.migration.run.key_values import keys_from_json, keys_to_json
from infrastructure.migration.run.work_directory import WorkDirectory, WorkInUse, open_work
from infrastructure.migration.source.ranges import KeyRange
from infrastructure.migration.tasks import Pass, Report

IDENTITY = Identity("c0ffee", "mysql://shop@localhost/shop", "tables test-*", "users by id int(11)")
BOUNDS = [None, *((number * 10,) for number in range(1, 6)), None]
RANGES = tuple(map(KeyRange, BOUNDS, BOUNDS[1:]))
PLAN = Plan(IDENTITY, {"User": RANGES})


def done_until(path: Path, tasks: int) -> None:
    """A work directory in which so many tasks are done, each with as many rejects as its number."""
    with open_work(path, ["users"]) as work:
        checkpoint = work.checkpoints["users"]
        checkpoint.begin(PLAN)
        for task in checkpoint.tasks(Pass.ITEMS)[:tasks]:
            reject = Reject("users", "User", {"id": task.number}, "email", "is taken")
            rejects = (reject,) * task.number
            work.add(Report(task, rows=10, items=10 - task.number, rejects=rejects))


def numbers_left(work: WorkDirectory) -> list[int]:
    return [task.number for task in work.checkpoints["users"].tasks(Pass.ITEMS)]


@settings(max_examples=30)
@given(st.data())
def test_torn_at_any_byte_it_goes_on_with_the_first_task_that_is_not_whole(
    data: st.DataObject,
) -> None:
    with TemporaryDirectory() as name:
        path = Path(name)
        done_until(path, 4)
        file = path / "users.checkpoint.jsonl"
        whole = file.read_bytes()
        torn = whole[: data.draw(st.integers(0, len(whole)))]
        file.write_bytes(torn)
        lines = torn.count(b"\n")
        with open_work(path, ["users"]) as work:
            assert numbers_left(work) == (list(range(6))[max(lines - 1, 0) :] if lines else [])
            assert work.rejected == sum(range(lines - 1))
            assert (path / "rejects.jsonl").read_bytes().count(b"\n") == work.rejected
            assert file.read_bytes() == torn[: torn.rfind(b"\n") + 1]


def test_what_was_appended_after_a_tear_is_read_again(tmp_path: Path) -> None:
    done_until(tmp_path, 2)
    file = tmp_path / "users.checkpoint.jsonl"
    file.write_bytes(file.read_bytes()[:-3])
    with open_work(tmp_path, ["users"]) as work:
        task = work.checkpoints["users"].tasks(Pass.ITEMS)[0]
        work.add(Report(task, rows=7, items=7))
    with open_work(tmp_path, ["users"]) as work:
        assert [done.rows for done in work.checkpoints["users"].done] == [10, 7]


def test_rejects_that_are_gone_are_told(tmp_path: Path) -> None:
    done_until(tmp_path, 3)
    (tmp_path / "rejects.jsonl").write_bytes(b"")
    with pytest.raises(CheckpointDamaged, match=r"rejects\.jsonl, line 1: .*some are gone"):
        open_work(tmp_path, ["users"]).__enter__()


def _twice(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _of_no_range(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].replace(b'"number":1', b'"number":17')]


def _that_do_not_add_up(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].replace(b'"rows":10', b'"rows":11')]


def _no_json(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"rows", lines[1]]


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (_twice, 4, "range 1 of User is there twice"),
        (_of_no_range, 3, "User has no range 17"),
        (_that_do_not_add_up, 3, "it has not the shape that it must have"),
        (_no_json, 2, "it is no JSON"),
    ],
)
def test_what_no_run_has_written_is_told(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], line: int, reason: str
) -> None:
    done_until(tmp_path, 2)
    file = tmp_path / "users.checkpoint.jsonl"
    file.write_bytes(b"".join(each + b"\n" for each in change(file.read_bytes().splitlines())))
    with pytest.raises(CheckpointDamaged) as raised:
        open_work(tmp_path, ["users"]).__enter__()
    assert (raised.value.line, raised.value.reason) == (line, reason)


@pytest.mark.parametrize("what", ["contract", "source", "target", "key"])
def test_it_is_not_taken_for_that_of_another_migration(tmp_path: Path, what: str) -> None:
    done_until(tmp_path, 1)
    with open_work(tmp_path, ["users"]) as work:
        work.checkpoints["users"].check(IDENTITY)
        with pytest.raises(AnotherMigration, match=f"is of another {what}: .*, not else"):
            work.checkpoints["users"].check(evolve(IDENTITY, **{what: "else"}))


def test_two_runs_do_not_share_a_work_directory(tmp_path: Path) -> None:
    with open_work(tmp_path, ["users"]), pytest.raises(WorkInUse):
        open_work(tmp_path, ["users"]).__enter__()


def test_passes_are_done_apart(tmp_path: Path) -> None:
    with open_work(tmp_path, ["users"]) as work:
        checkpoint = work.checkpoints["users"]
        checkpoint.begin(PLAN)
        for task in checkpoint.tasks(Pass.CLAIMS):
            work.add(Report(task, rows=3))
        assert checkpoint.tasks(Pass.CLAIMS) == []
        assert len(checkpoint.tasks(Pass.ITEMS)) == 6


KEYS = st.tuples(
    st.integers(-(2**63), 2**64 - 1),
    st.text(),
    st.binary(),
    st.none(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
)


@given(KEYS)
def test_keys_of_every_type_are_read_as_they_were(key: tuple[object, ...]) -> None:
    read = keys_from_json(keys_to_json(key))
    assert read == key
    assert list(map(type, read)) == list(map(type, key))


def test_a_checkpoint_keeps_the_bounds_of_its_ranges(tmp_path: Path) -> None:
    key = (
        7,
        Decimal("1.50"),
        b"\xff",
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, tzinfo=UTC),
        timedelta(hours=1),
    )
    plan = Plan(IDENTITY, {"User": (KeyRange(None, key), KeyRange(key, None))})
    with AppendFile(tmp_path / "file") as file:
        Checkpoint(file, "users").begin(plan)
    with AppendFile(tmp_path / "file") as file:
        assert Checkpoint(file, "users").plan == plan


def test_a_disk_that_is_full_is_told_with_the_file() -> None:
    file = AppendFile(Path("/dev/full"))
    with pytest.raises(FileFailed, match="/dev/full: No space left on device"):
        file.append([b"a line"])
    with pytest.raises(FileFailed):
        file.__exit__()


@pytest.mark.parametrize("name", ["users.checkpoint.jsonl", "rejects.jsonl", "lock"])
def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(FileFailed, match="Is a directory"), open_work(tmp_path, ["users"]):
        pass


def test_a_file_in_the_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    with pytest.raises(FileFailed, match="File exists"), open_work(tmp_path / "work", ["users"]):
        pass


def test_claims_in_a_file_that_is_another_are_told(tmp_path: Path) -> None:
    (tmp_path / "claims").write_text("these are no claims " * 100)
    with pytest.raises(FileFailed, match="file is not a database"):
        ClaimFile(tmp_path / "claims")
