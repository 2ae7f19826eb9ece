"""What is measured of operations on a store."""

from __future__ import annotations

from opentelemetry.metrics import Meter

from infrastructure.telemetry import names


class OperationInstruments:
    """The instruments, by what they measure."""

    def __init__(self, meter: Meter) -> None:
        self.duration = meter.create_histogram(
            names.DB_DURATION,
            "s",
            "Duration of operations, with all their attempts.",
            explicit_bucket_boundaries_advisory=names.DURATION_BUCKETS,
        )
        self.retries = meter.create_counter(
            names.RETRIES, "{attempt}", "Attempts that followed on a failed one."
        )
        self.throttles = meter.create_counter(
            names.THROTTLES, "{attempt}", "Attempts that were throttled, by reason."
        )
        self.conflicts = meter.create_counter(
            names.CONFLICTS, "{operation}", "Operations whose condition was not met."
        )
        self.capacity = meter.create_counter(names.CAPACITY, "{unit}", "Consumed capacity units.")
