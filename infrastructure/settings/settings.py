"""Every setting there is: its default, then `settings/<environment>.toml`, then `DYNASTRATA_…`.

Each subject has a file of its own beside this one.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import typed_settings as ts
from attrs import fields, frozen, make_class

from infrastructure.settings.blobs import BlobSettings
from infrastructure.settings.checks import (
    PREFIX,
    SettingsError,
    is_local,
    is_loopback,
    one_of,
    option_of,
    variable,
)
from infrastructure.settings.destination import DEFAULT_DESTINATION, DESTINATION, Destination
from infrastructure.settings.events import EventSettings
from infrastructure.settings.loading import BY_NAME, parse, read_file, refuse_unknown_variables
from infrastructure.settings.mail import MailSettings
from infrastructure.settings.messages import MessageSettings
from infrastructure.settings.migration import MigrationSettings
from infrastructure.settings.options import option
from infrastructure.settings.place import DEPLOYED, TABLE, Environment, PlaceSettings
from infrastructure.settings.safety import unsafe
from infrastructure.settings.service import SAMPLE_PASSWORD, SAMPLE_SIGNING_KEY, ServiceSettings
from infrastructure.settings.store import StoreSettings

__all__ = [
    "DEFAULT_DESTINATION",
    "DESTINATION",
    "SAMPLE_PASSWORD",
    "SAMPLE_SIGNING_KEY",
    "TABLE",
    "Settings",
    "SettingsError",
    "load_settings",
]

DIRECTORY = Path(__file__).resolve().parents[2] / "settings"


# Without slots, as several bases have fields.
@frozen(kw_only=True, slots=False)
class Settings(
    MigrationSettings,
    MailSettings,
    ServiceSettings,
    BlobSettings,
    MessageSettings,
    EventSettings,
    StoreSettings,
    PlaceSettings,
):
    """All settings, checked as a whole. Making one raises `SettingsError`."""

    def __attrs_post_init__(self) -> None:
        refused = list(unsafe(self)) if self.is_deployed else []
        if refused:
            # All at once: whoever sets a service up would meet them one by one.
            raise SettingsError(
                refused[0].name, "; ".join([refused[0].reason, *map(str, refused[1:])])
            )

    @property
    def is_production(self) -> bool:
        """Whether the data of real users is at stake."""
        return self.environment == "production"

    @property
    def is_deployed(self) -> bool:
        """Whether others than its developers reach the service: in staging and in production."""
        return self.environment in DEPLOYED

    @property
    def takes_samples(self) -> bool:
        """Whether all that a sample key or password opens is in memory, or on this machine."""
        on_loopback = self.endpoint_url is not None and is_loopback(self.endpoint_url)
        return not self.is_deployed and (self.provider == "memory" or on_loopback)

    @property
    def uses_local_engine(self) -> bool:
        """Whether the endpoint is no address of AWS."""
        return self.endpoint_url is not None and is_local(self.endpoint_url)

    @property
    def has_blob_store(self) -> bool:
        """Whether blobs have a place: where none is named, only memory has one by itself."""
        named = self.blob_store is not None or self.blob_bucket is not None
        return named or self.provider == "memory"

    def destination(self, name: str) -> Destination:
        """Where messages for a logical name go."""
        return Destination.parse(self.destinations.get(name, DEFAULT_DESTINATION))


def load_settings(
    directory: Path = DIRECTORY,
    *,
    tables: Collection[str] = (),
    destinations: Collection[str] = (),
) -> Settings:
    """The settings of this process. Raises `SettingsError`.

    `DYNASTRATA_ENVIRONMENT` names the file. A missing file is no error but in staging and
    production. Each logical name of a table or a destination has a setting of its own:
    `users_table`, `users_destination`.
    """
    options = {
        **{option_of(name, TABLE): option("") for name in tables},
        **{option_of(name, DESTINATION): option(DEFAULT_DESTINATION) for name in destinations},
    }
    named = make_class("NamedSettings", options, bases=(Settings,), frozen=True, kw_only=True)
    refuse_unknown_variables(a.name for a in fields(named) if a.name not in BY_NAME)
    environment = os.environ.get(variable("environment"), "development")
    one_of(Environment)(None, fields(Settings).environment, environment)
    file = directory / f"{environment}.toml"
    if environment in DEPLOYED and not file.is_file():
        raise SettingsError(
            "environment", f"{environment} needs the file {file}, which is not there"
        )
    loaded: Settings = ts.load_settings(
        named,
        loaders=[
            ts.FileLoader({"*.toml": read_file}, [file]),
            ts.EnvLoader(PREFIX),
        ],
        processors=[parse],
    )
    same = {a.name: getattr(loaded, a.name) for a in fields(Settings) if a.name not in BY_NAME}
    return Settings(
        **same,
        tables={name: getattr(loaded, option_of(name, TABLE)) for name in tables},
        destinations={name: getattr(loaded, option_of(name, DESTINATION)) for name in destinations},
    )
