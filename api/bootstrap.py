"""What every process starts with: settings, logs, the container.

They are imported when they are asked for: a command that only shows its help does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.container import Container
    from infrastructure.settings.settings import Settings


def read_settings() -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    from infrastructure.contexts.registered import REGISTERED  # noqa: PLC0415 see above
    from infrastructure.settings.settings import load_settings  # noqa: PLC0415 see above

    return load_settings(
        tables=REGISTERED.tables, destinations=REGISTERED.integration_events.destinations
    )


def start(settings: Settings | None = None) -> Container:
    """The container of this process, by these settings or those of the environment.

    Raises `SettingsError`, and `TypeError` where an aggregate type and its model differ.
    """
    from api.container import build_container  # noqa: PLC0415 see above
    from infrastructure.system.logs import configure_logs  # noqa: PLC0415 see above

    settings = settings or read_settings()
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    container = build_container(settings)
    container.store()  # whoever starts learns of what is wrong, not who sends the first request
    return container
