"""From settings to where metrics go, and to publishers whose calls are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from application.ports.publisher import Publisher
from infrastructure.messaging.observed_publisher import (
    Broker,
    ObservedPublisher,
    PublishingTelemetry,
)
from infrastructure.settings.settings import Settings
from infrastructure.telemetry.telemetry import Telemetry

_SYSTEMS: Final[Mapping[str, str]] = {
    "sqs": "aws_sqs",
    "sns": "aws.sns",
    "eventbridge": "aws.eventbridge",
}
"""By kinds of destinations. The conventions know no name for EventBridge."""


def make_telemetry(settings: Settings) -> Telemetry:
    """What the process has set up, and for metrics what the settings name."""
    if settings.metrics == "off":
        return Telemetry()
    # Imported where it is used: without it nothing needs the SDK of OpenTelemetry.
    from infrastructure.telemetry.emf import emf_meter_provider  # noqa: PLC0415 see above

    return Telemetry(meter_provider=emf_meter_provider())


def observed_publishers(
    settings: Settings, publishers: Mapping[str, Publisher], telemetry: Telemetry
) -> Mapping[str, Publisher]:
    """The same publishers; what they do is told."""
    to = PublishingTelemetry(telemetry, debug=settings.log_level == "debug")
    return {
        name: ObservedPublisher(publisher, broker_of(settings, name), to)
        for name, publisher in publishers.items()
    }


def broker_of(settings: Settings, name: str) -> Broker:
    """Where messages for a logical name go: the last part of the URL or ARN of the destination."""
    destination = settings.destination(name)
    system = _SYSTEMS.get(destination.kind, destination.kind)
    return Broker(system, re.split("[/:]", destination.address)[-1] or name)
