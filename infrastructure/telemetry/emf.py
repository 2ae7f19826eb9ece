"""Metrics for CloudWatch, written to standard output in its embedded metric format.

For AWS Lambda, whose log CloudWatch reads them from: a network call less, and nothing to install.
Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, TextIO

import orjson
from opentelemetry.sdk.metrics import (
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
)
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from typing_extensions import override

from application.batched import batched
from infrastructure.telemetry.names import NAMESPACE

MAX_VALUES = 100
"""Numbers that one document has of a metric. Source: as above, "Target members"."""

MAX_DIMENSIONS = 30
"""Source: as above, "DimensionSet array"."""

MAX_DIMENSION = 1024
"""Characters of the value of a dimension. Source: as above."""

_UNITS = {"s": "Seconds", "By": "Bytes", "%": "Percent", "1": "Count"}
"""CloudWatch's names of units. Those in braces, such as `{message}`, are counts."""

_DELTA = AggregationTemporality.DELTA


def emf_meter_provider(output: TextIO | None = None) -> MeterProvider:
    """Collects metrics, and writes them whenever it is flushed; never by itself."""
    reader = PeriodicExportingMetricReader(EmfExporter(output), export_interval_millis=math.inf)
    return MeterProvider([reader], shutdown_on_exit=False)


class EmfExporter(MetricExporter):
    """Writes a document a line: of one metric with one set of attributes, at most 100 values.

    Attributes are dimensions. Each combination of their values is a metric that CloudWatch charges
    for. Values of a histogram are those of its buckets' middles, which differ from what was
    measured by less than three percent as long as all are within a factor of a thousand.
    """

    def __init__(self, output: TextIO | None = None, namespace: str = NAMESPACE) -> None:
        """`output` is standard output as it is when something is written, unless it is given."""
        super().__init__(
            preferred_temporality=dict.fromkeys((Counter, Histogram, ObservableCounter), _DELTA),
            preferred_aggregation={Histogram: ExponentialBucketHistogramAggregation()},
        )
        self._output = output
        self._namespace = namespace

    @override
    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        output = self._output or sys.stdout
        for resource in metrics_data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for document in self._documents(metric):
                        output.write(orjson.dumps(document).decode() + "\n")
        output.flush()
        return MetricExportResult.SUCCESS

    @override
    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True  # what is exported is written

    @override
    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Nothing is open."""

    def _documents(self, metric: Metric) -> Iterator[dict[str, Any]]:
        for point in metric.data.data_points:
            dimensions = _dimensions(point.attributes or {})
            for values in batched(_values(point), MAX_VALUES):
                directive = {
                    "Namespace": self._namespace,
                    "Dimensions": [list(dimensions)],
                    "Metrics": [{"Name": metric.name, "Unit": _unit(metric.unit)}],
                }
                yield {
                    "_aws": {
                        "Timestamp": point.time_unix_nano // 1_000_000,
                        "CloudWatchMetrics": [directive],
                    },
                    **dimensions,
                    metric.name: values[0] if len(values) == 1 else values,
                }


def _dimensions(attributes: Mapping[str, Any]) -> dict[str, str]:
    named = sorted(attributes.items())[:MAX_DIMENSIONS]
    return {name: str(value)[:MAX_DIMENSION] for name, value in named if str(value)}


def _unit(unit: str | None) -> str:
    return "Count" if (unit or "").startswith("{") else _UNITS.get(unit or "", "None")


def _values(point: Any) -> Sequence[float]:
    match point:
        case ExponentialHistogramDataPoint():
            return list(_of_buckets(point))
        case _:  # a histogram of another kind is not asked for
            return [point.value]


def _of_buckets(point: ExponentialHistogramDataPoint) -> Iterator[float]:
    """As many values as were measured, each the middle of its bucket.

    Source: OpenTelemetry, "Metrics data model", "ExponentialHistogram". None is negative here.
    """
    yield from repeat(0.0, point.zero_count)
    for index, count in enumerate(point.positive.bucket_counts, point.positive.offset):
        middle = 2.0 ** ((index + 0.5) * 2.0**-point.scale)
        yield from repeat(min(max(middle, point.min), point.max), count)
