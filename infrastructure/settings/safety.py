"""What is refused where it would let anybody in, or lose what real users stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infrastructure.settings.checks import SettingsError, invalid, is_local, option_of
from infrastructure.settings.destination import DESTINATION
from infrastructure.settings.service import SAMPLE_PASSWORD, SAMPLE_SIGNING_KEY

if TYPE_CHECKING:
    from infrastructure.settings.settings import Settings

MAKE_KEY = (
    "export DYNASTRATA_SIGNING_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')"
)
"""The command of a shell that makes a signing key."""


def refuse_samples(settings: Settings) -> None:
    """Raises `SettingsError` where the samples would make anybody an administrator."""
    if not settings.takes_samples:
        for refused in _samples(settings):
            raise refused


def unsafe(settings: Settings) -> Iterator[SettingsError]:
    """What staging and production do not take. Staging may have a local engine."""
    if settings.is_production:
        yield from _local_engine(settings)
    if settings.provider == "memory":
        yield invalid(
            "provider", f"memory forgets all at exit: {settings.environment} needs dynamodb"
        )
    yield from _samples(settings)
    if settings.blob_store == "memory":
        reason = f"memory loses blobs in {settings.environment}: choose file or s3"
        yield invalid("blob_store", reason)
    if settings.create_tables and not settings.allow_create_tables_in_production:
        reason = f"off in {settings.environment} unless allow_create_tables_in_production is on"
        yield invalid("create_tables", reason)


def _local_engine(settings: Settings) -> Iterator[SettingsError]:
    if settings.uses_local_engine:
        yield invalid("endpoint_url", "production takes no local and no http:// endpoint")
    for name in settings.destinations:
        found = settings.destination(name)
        if found.kind == "sqs" and is_local(found.address):
            reason = "production takes no local and no http:// queue"
            yield invalid(option_of(name, DESTINATION), reason)


def _samples(settings: Settings) -> Iterator[SettingsError]:
    if settings.signing_key == SAMPLE_SIGNING_KEY:
        yield invalid(
            "signing_key",
            "anybody could sign with the sample, which is for memory and an engine on this "
            f"machine; make a key: {MAKE_KEY}",
        )
    if settings.admin_password == SAMPLE_PASSWORD:
        yield invalid("admin_password", "everybody knows the sample: choose another one")
