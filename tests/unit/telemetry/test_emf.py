"""Metrics for CloudWatch: what is written keeps the rules of its embedded metric format."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from opentelemetry.sdk.metrics import MeterProvider

from infrastructure.telemetry.emf import emf_meter_provider
from infrastructure.telemetry.names import NAMESPACE
from tests.emf import check


@define
class Written:
    """A provider, and what it wrote."""

    output: io.StringIO = field(factory=io.StringIO)
    provider: MeterProvider = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.provider = emf_meter_provider(self.output)

    def documents(self) -> list[dict[str, Any]]:
        """What is written when it is flushed now: valid documents, one a line."""
        self.output.seek(0)
        self.output.truncate()
        self.provider.force_flush()
        documents = [json.loads(line) for line in self.output.getvalue().splitlines()]
        for document in documents:
            check(document)
        return documents


@pytest.fixture
def written() -> Written:
    return Written()


def test_a_counter_is_a_number_with_its_attributes_as_dimensions(written: Written) -> None:
    counter = written.provider.get_meter("tests").create_counter("conflicts", "{operation}")
    counter.add(2, {"table": "users", "operation": "PutItem"})
    counter.add(1, {"table": "users", "operation": "PutItem"})

    [document] = written.documents()

    assert document.pop("_aws")["CloudWatchMetrics"] == [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [["operation", "table"]],
            "Metrics": [{"Name": "conflicts", "Unit": "Count"}],
        }
    ]
    assert document == {"operation": "PutItem", "table": "users", "conflicts": 3}


def test_what_was_written_is_not_counted_again(written: Written) -> None:
    counter = written.provider.get_meter("tests").create_counter("conflicts")
    counter.add(2)
    written.documents()
    counter.add(1)

    assert [each["conflicts"] for each in written.documents()] == [1]
    assert written.documents() == []


def test_a_gauge_is_its_last_value_in_seconds(written: Written) -> None:
    gauge = written.provider.get_meter("tests").create_gauge("age", "s")
    gauge.set(7.0)
    gauge.set(3.5)

    [document] = written.documents()

    assert document["age"] == 3.5
    assert document["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == "Seconds"


@pytest.mark.parametrize(
    "values",
    [
        [0.25],
        [0.002, 0.004, 1.5],
        [0.0, 0.1],
        [0.001 * 1.0069**number for number in range(1000)],
    ],
    ids=["one", "few", "zero", "a thousand within a factor of a thousand"],
)
def test_a_histogram_is_as_many_values_each_within_three_percent(
    values: list[float], written: Written
) -> None:
    histogram = written.provider.get_meter("tests").create_histogram("duration", "s")
    for value in values:
        histogram.record(value)

    documents = written.documents()

    found = [n for each in documents for n in as_list(each["duration"])]
    assert found == pytest.approx(sorted(values), rel=0.03)
    assert len(documents) == -(-len(values) // 100)


@pytest.mark.parametrize(
    ("unit", "named"),
    [("s", "Seconds"), ("By", "Bytes"), ("{message}", "Count"), ("1", "Count"), ("m", "None")],
)
def test_units_are_those_of_cloudwatch(unit: str, named: str, written: Written) -> None:
    written.provider.get_meter("tests").create_counter("some", unit).add(1)

    [document] = written.documents()

    assert document["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == named


def test_attributes_beyond_what_a_dimension_may_be_are_cut(written: Written) -> None:
    attributes = {f"a{number:02}": "x" * 2000 for number in range(40)} | {"a00": ""}
    written.provider.get_meter("tests").create_counter("some").add(1, attributes)

    [document] = written.documents()

    assert len(document["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == 29
    assert len(document["a01"]) == 1024


def test_a_document_tells_the_milliseconds_of_its_time(written: Written) -> None:
    before = time.time_ns() // 1_000_000
    written.provider.get_meter("tests").create_counter("some").add(1)

    [document] = written.documents()

    assert before <= document["_aws"]["Timestamp"] <= time.time_ns() // 1_000_000


def test_nothing_stays_in_a_buffer() -> None:
    file = io.BytesIO()
    provider = emf_meter_provider(io.TextIOWrapper(file))
    provider.get_meter("tests").create_counter("some").add(1)

    provider.force_flush()

    check(json.loads(file.getvalue()))


def test_nothing_is_written_before_it_is_flushed(written: Written) -> None:
    written.provider.get_meter("tests").create_counter("some").add(1)

    assert written.output.getvalue() == ""


def test_it_writes_to_standard_output_unless_told_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider = emf_meter_provider()
    provider.get_meter("tests").create_counter("some").add(1)
    provider.force_flush()

    check(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "broken",
    [
        lambda d: d["_aws"].update(Timestamp=1.5),
        lambda d: d["_aws"]["CloudWatchMetrics"][0].update(Dimensions=[]),
        lambda d: d["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0].append("absent"),
        lambda d: d["_aws"]["CloudWatchMetrics"][0]["Metrics"][0].update(Unit="Parsecs"),
        lambda d: d.update(some=[1] * 101),
        lambda d: d.update(some={"Max": 1, "Min": 1, "Sum": 1, "Count": 1}),
    ],
)
def test_a_document_that_breaks_a_rule_is_noticed(
    broken: Callable[[Any], object], written: Written
) -> None:
    written.provider.get_meter("tests").create_counter("some").add(1, {"a": "b"})
    [document] = written.documents()
    broken(document)

    with pytest.raises((AssertionError, KeyError)):
        check(document)


def as_list(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]
