"""What is told of the service, kept in memory to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field, frozen
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from infrastructure.telemetry.telemetry import Telemetry


@frozen
class Point:
    """One value of a metric: a number, or for a histogram how often something was measured."""

    value: float
    attributes: Mapping[str, Any]


@define
class Told:
    """Listens to one `telemetry`, and to no other of the process."""

    _spans: InMemorySpanExporter = field(factory=InMemorySpanExporter)
    _reader: InMemoryMetricReader = field(factory=InMemoryMetricReader)
    telemetry: Telemetry = field(init=False)

    def __attrs_post_init__(self) -> None:
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.telemetry = Telemetry(tracers, MeterProvider([self._reader], shutdown_on_exit=False))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """Those that ended, in this order."""
        return self._spans.get_finished_spans()

    @property
    def span(self) -> ReadableSpan:
        """The only one."""
        [span] = self.spans
        return span

    def points(self, name: str) -> list[Point]:
        """The values of a metric."""
        return self.metrics().get(name, [])

    def total(self, name: str) -> float:
        """The sum of all that was measured for a histogram."""
        return float(sum(point.sum for point in self._data_points().get(name, ())))

    def metrics(self) -> dict[str, list[Point]]:
        """The values of all metrics."""
        return {name: [_point(each) for each in told] for name, told in self._data_points().items()}

    def _data_points(self) -> dict[str, Sequence[Any]]:
        data = self._reader.get_metrics_data()
        found = data.resource_metrics if isinstance(data, MetricsData) else ()
        return {
            metric.name: metric.data.data_points
            for resource in found
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """The attributes of a span."""
    return dict(span.attributes or {})


def _point(point: Any) -> Point:
    value = point.count if hasattr(point, "bucket_counts") else point.value
    return Point(value, dict(point.attributes or {}))
