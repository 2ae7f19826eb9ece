"""What is made of measurements: medians, ratios, tables, the picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.bench import data, files, tables
from scripts.bench.chart import bars, svg
from scripts.bench.files import DOCS
from scripts.bench.operations import PEERS, REPLAY, STORED, does
from scripts.bench.processes import Taken
from scripts.bench.results import Figure, Results, Units
from scripts.bench.statistics import Summary


def figure(*cpu: float) -> Figure:
    return Figure.of([Taken(cpu=seconds, wall=seconds * 10) for seconds in cpu])


RESULTS = Results(
    date="2026-01-02",
    machine="2 cores",
    figures={
        "read": {
            "bare call": figure(0.001, 0.002, 0.003),
            "Dynastrata": figure(0.005),
            "pydynox": figure(0.007),
        },
        "relay": {"Dynastrata": figure(0.25)},
    },
    memory={"bare call": Summary.of([20e6]), "Dynastrata": Summary.of([80e6])},
    units={"read": {"bare call": Units(1, 0.5, 0.0), "Dynastrata": Units(2, 1.0, 6.0)}},
)


def test_half_of_the_measurements_are_between_the_quartiles_of_a_summary() -> None:
    assert Summary.of([5, 1, 4, 2, 3]) == Summary(median=3, low=2, high=4)


def test_one_measurement_has_no_spread() -> None:
    assert Summary.of([7]) == Summary(median=7, low=7, high=7)


def test_a_ratio_is_that_of_the_medians() -> None:
    assert Summary.of([2, 6, 900]).times(Summary.of([1, 3, 4])) == 2


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (0.0001234, "123 µs")]
)
def test_a_duration_has_the_unit_that_fits(seconds: float, text: str) -> None:
    assert tables.duration(seconds) == text


def test_ratios_are_to_the_bare_call_and_seconds_where_there_is_none() -> None:
    assert tables.ratios(RESULTS.figures) == [
        ["operation", "bare call", "Dynastrata", "pydynox"],
        ["read", "2 ms", "2.5", "3.5"],
        ["relay", "-", "250 ms", "-"],
    ]


def test_wall_times_are_seconds_of_everybody() -> None:
    assert tables.wall_times(RESULTS.figures)[1] == ["read", "20 ms", "50 ms", "70 ms"]


def test_units_are_requests_then_reads_then_writes() -> None:
    assert tables.units(RESULTS)[1] == ["read", "1 / 0.5 / 0", "2 / 1 / 6"]


def test_the_picture_has_a_bar_of_the_length_of_each_ratio() -> None:
    widths = re.findall(r'<rect x="230" .*width="([\d.]+)"', svg(RESULTS.figures))
    lengths = [float(width) for width in widths]
    longest = lengths[2]
    assert lengths == [pytest.approx(longest * ratio / 3.5, abs=0.1) for ratio in (1, 2.5, 3.5)]


def test_the_picture_leaves_out_what_the_bare_call_has_no_answer_to() -> None:
    assert [operation for operation, _ in bars(RESULTS.figures)] == ["read"]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "guides").mkdir()
    guide = tmp_path / "guides" / "speed.md"
    guide.write_text("<!-- bench: memory -->\nold\n<!-- /bench -->\n")

    files.write(RESULTS, tmp_path)

    assert files.read(tmp_path) == RESULTS
    assert "| most memory | 20 MB | 80 MB |" in guide.read_text()
    assert "old" not in guide.read_text()


def test_the_guide_and_the_picture_show_the_figures_that_are_kept() -> None:
    kept = files.read()
    guide = (DOCS / "guides" / "speed.md").read_text()
    assert files.with_tables(guide, kept) == guide
    assert svg(kept.figures) == (DOCS / "bench.svg").read_text()


def test_the_figures_that_are_kept_are_of_every_peer_and_operation() -> None:
    kept = files.read().figures
    assert {
        operation.title: {peer.title for peer in PEERS if does(peer, operation)}
        for operation in (*STORED, *REPLAY)
    }.items() <= {operation: set(by_peer) for operation, by_peer in kept.items()}.items()


def test_an_item_becomes_the_json_of_dynamodb() -> None:
    assert data.typed({"a": "x", "b": 1, "c": True, "d": ["y"]}) == {
        "a": {"S": "x"},
        "b": {"N": "1"},
        "c": {"BOOL": True},
        "d": {"L": [{"S": "y"}]},
    }
