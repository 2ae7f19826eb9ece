"""What the service tells of itself: spans and metrics, by OpenTelemetry."""
