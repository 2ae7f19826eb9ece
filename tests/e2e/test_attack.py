"""`make attack`, as short as it can be."""

from __future__ import annotations

from random import Random

import pytest

from scripts.attack import connections, frozen_store, generated
from scripts.attack.__main__ import main
from scripts.attack.connections import Attack
from scripts.attack.misbehaviours import MISBEHAVIOURS
from scripts.attack.report import Report
from scripts.attack.service import PATIENCE, service

FUZZING_ALONE = {
    "examples": {"enabled": False},
    "coverage": {"enabled": False},
    "stateful": {"enabled": False},
}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long something may take is looked at by `make attack`: here the machine may be busy."""
    for module in (connections, frozen_store):
        monkeypatch.setattr(module, "_AT_ONCE", PATIENCE)
    monkeypatch.setattr(frozen_store, "_SLACK", PATIENCE)


def test_generated_requests_get_through_and_nothing_gives_way() -> None:
    with service() as attacked:
        report = generated.attack(attacked, "a user", seed=1, examples=2, phases=FUZZING_ALONE)
    # So few need not change everything.
    found = [each.what for each in report.findings if generated.UNREACHED not in each.what]
    assert found == []
    assert {"2xx", "4xx"} <= set(report.answers)


def test_clients_that_do_not_behave_keep_nobody_from_being_served() -> None:
    attack = Attack(random=Random(1), connections=len(MISBEHAVIOURS) + 5, request_seconds=1.5)
    assert attack.run().findings == []


@pytest.mark.engine
def test_a_frozen_store_keeps_health_from_nobody() -> None:
    report = frozen_store.attack(requests=4, read_seconds=0.1)
    assert report.findings == []
    assert report.answers["5xx"] >= 5


def test_it_fails_where_something_gave_way_and_tells_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def attack(*, found: bool) -> Report:
        report = Report("a frozen store")
        report.expect(not found, "it hangs")
        return report

    monkeypatch.setattr(frozen_store, "attack", lambda: attack(found=True))
    assert main(["--part", "frozen-store", "--seed", "7"]) == 1
    repeated = "make attack ARGS='--part frozen-store --provider memory --seed 7'"
    assert repeated in capsys.readouterr().out

    monkeypatch.setattr(frozen_store, "attack", lambda: attack(found=False))
    assert main(["--part", "frozen-store"]) == 0
    assert "found nothing" in capsys.readouterr().out


def test_a_finding_is_told_once_with_what_repeats_it() -> None:
    report = Report("a part")
    for status in (200, 204, 404, None):
        report.count(status)
    for _ in range(2):
        report.expect(False, "it gave way\n\nas follows", "curl --again")
    assert report.lines() == [
        "a part: 4 requests (2 2xx, 1 4xx, 1 unanswered), found 1",
        "  FOUND: it gave way",
        "    as follows",
        "    curl --again",
    ]
