"""What every process starts with: settings, logs, the container."""

from __future__ import annotations

from api.container import Container, build_container
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings, load_settings


def start(settings: Settings | None = None) -> Container:
    """The container of this process, by these settings or those of the environment."""
    settings = settings or load_settings()
    configure_logs(settings.log_level, as_json=settings.is_production)
    return build_container(settings)
