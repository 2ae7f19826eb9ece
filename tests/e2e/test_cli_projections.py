import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from dependency_injector import providers

from api.cli import projections
from api.container import Container
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.contexts.context import Contexts
from infrastructure.settings.settings import Settings
from tests.commands import Cli
from tests.e2e.clients import ManualClock
from tests.samples.projectors import TALLY, another
from tests.tagged_events.samples import BOOK, NOTES, note


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nobody waits."""
    return evolve(settings, tagged_events_safe_window_seconds=0, streams_poll_interval_ms=10)


@pytest.fixture
def here(container: Container, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this very container, whose contexts declare two projectors."""
    declared = evolve(NOTES, projectors=(TALLY, another("other")))
    container.contexts.override(Contexts([declared]))
    container.clock.reset_override()
    container.dcb_store().append([note(text, BOOK) for text in "abc"])
    monkeypatch.setattr(projections, "start", lambda: container)
    return cli


def listed(here: Cli) -> dict[str, dict[str, Any]]:
    result = here("projections", "list", "--json")
    assert result.exit_code == 0, result.output
    return {each["projector"]: each for each in json.loads(result.stdout)}


def test_running_once_folds_what_is_there(here: Cli, container: Container) -> None:
    result = here("projections", "run", "--once")
    assert result.exit_code == 0, result.output
    assert "tally 1 has caught up: 3 events" in result.stderr
    found = container.projections().read(TALLY)
    assert found is not None
    assert found.state.by_tag == {"book:1": 3}
    assert found.is_complete


def test_one_of_them_can_be_run(here: Cli) -> None:
    assert here("projections", "run", "other", "--once").exit_code == 0
    states = {name: each["state"] for name, each in listed(here).items()}
    assert states == {"tally": "absent", "other": "live"}


def test_the_list_tells_what_is_stored_and_who_runs(here: Cli) -> None:
    here("projections", "run", "--once")
    tally = listed(here)["tally"]
    assert (tally["version"], tally["events"], tally["generation"]) == ("1", 3, 1)
    assert len(tally["instances"]) == 1
    shown = here("projections", "list")
    assert "tally" in shown.stdout
    assert "live" in shown.stdout


def test_a_state_that_nobody_declares_any_more_is_listed(here: Cli, container: Container) -> None:
    here("projections", "run", "--once")
    container.contexts.override(Contexts([evolve(NOTES, projectors=(TALLY,))]))
    assert {name: each["is_declared"] for name, each in listed(here).items()} == {
        "other": False,
        "tally": True,
    }


def test_rebuilding_folds_everything_again(here: Cli) -> None:
    here("projections", "run", "--once")
    result = here("projections", "rebuild", "tally")
    assert result.exit_code == 0, result.output
    tally = listed(here)["tally"]
    assert (tally["state"], tally["events"], tally["generation"]) == ("live", 3, 2)


def test_a_name_that_is_not_declared_is_wrong_usage(here: Cli) -> None:
    for command in (["run", "nobody", "--once"], ["rebuild", "nobody"]):
        result = here("projections", *command)
        assert result.exit_code == 2
        assert "the projectors are other, tally" in result.output


def test_a_state_that_cannot_be_read_fails_with_one_line(here: Cli, container: Container) -> None:
    here("projections", "run", "--once")
    changed: Any = evolve(TALLY, state_type=Container)  # type: ignore[arg-type] # the mistake
    container.contexts.override(Contexts([evolve(NOTES, projectors=(changed,))]))
    result = here("projections", "run", "--once")
    assert result.exit_code == 1
    assert "error: the state of tally 1 is unreadable" in result.stderr


def test_a_service_without_projectors_says_so(here: Cli, container: Container) -> None:
    container.contexts.override(Contexts([NOTES]))
    result = here("projections", "list")
    assert result.exit_code == 0, result.output
    assert "No projector is declared." in result.stdout


def test_collecting_removes_what_no_state_refers_to(
    here: Cli, container: Container, clock: ManualClock
) -> None:
    clock.time = datetime.now(UTC) - timedelta(days=1, hours=1)
    blobs = MemoryBlobStore(clock)
    container.blob_store.override(providers.Object(blobs))
    blobs.put(f"tally/1/{'ab' * 32}.bin", b"nobody's")
    clock.time = datetime.now(UTC)
    blobs.put(f"tally/1/{'cd' * 32}.bin", b"young")
    assert json.loads(here("projections", "collect", "--json").stdout) == {"blobs": 1, "bytes": 8}
    assert here("projections", "collect").stdout == "0 blobs removed: 0 bytes\n"
    assert [blob.size for blob in blobs.list("")] == [5]
