"""What every process starts with: settings, logs, the container."""

from __future__ import annotations

from api.container import Container, build_container
from infrastructure.contexts.registered import REGISTERED
from infrastructure.settings.settings import Settings, load_settings
from infrastructure.system.logs import configure_logs


def read_settings() -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    return load_settings(
        tables=REGISTERED.tables, destinations=REGISTERED.integration_events.destinations
    )


def start(settings: Settings | None = None) -> Container:
    """The container of this process, by these settings or those of the environment.

    Raises `SettingsError`, and `TypeError` where an aggregate type and its model differ.
    """
    settings = settings or read_settings()
    configure_logs(settings.log_level, as_json=settings.is_production)
    container = build_container(settings)
    container.store()  # whoever starts learns of what is wrong, not who sends the first request
    return container
