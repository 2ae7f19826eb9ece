"""Where spans and metrics go: to what this process has set up, if anything."""

from __future__ import annotations

from importlib.metadata import version

from attrs import frozen
from opentelemetry import metrics, trace
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import Tracer, TracerProvider

from infrastructure.telemetry.names import SCOPE


@frozen
class Telemetry:
    """The providers of OpenTelemetry; without any, those that are set for the whole process.

    They may be set at any time. Where none is, nobody listens.
    """

    tracer_provider: TracerProvider | None = None
    meter_provider: MeterProvider | None = None

    @property
    def tracer(self) -> Tracer:
        """Makes the spans of this service."""
        return trace.get_tracer(SCOPE, version(SCOPE), self.tracer_provider)

    @property
    def meter(self) -> Meter:
        """Makes the instruments of this service."""
        return metrics.get_meter(SCOPE, version(SCOPE), self.meter_provider)

    def flush(self) -> None:
        """Hands over what was measured by a provider of its own, and waits until it is written."""
        flush = getattr(self.meter_provider, "force_flush", None)
        if flush is not None:
            flush()
