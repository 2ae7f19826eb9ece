"""From settings to adapters: all the wiring there is."""

from infrastructure.system.importing import hidden

# For tracebacks in colours, which the logs do not show: most of what it would import.
with hidden("rich"):
    import structlog  # noqa: F401 before anything of the layers does
