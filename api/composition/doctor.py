"""From settings to the checks of `dynastrata doctor`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from api.composition.adapters import Adapters
from application.ports.clock import Clock
from infrastructure.doctor.finding import Check, Doctor
from infrastructure.messaging.destinations import Destinations
from infrastructure.settings.settings import Settings


def make_doctor(
    settings: Settings, adapters: Adapters, destinations: Destinations, clock: Clock
) -> Doctor:
    """Looks at what the settings name. In memory there is nothing to look at."""
    if settings.provider == "memory":
        return Doctor()
    # Imported where they are used: memory runs without the SDK of AWS.
    from api.composition.clients import make_client  # noqa: PLC0415 see above
    from infrastructure.doctor.destinations import DestinationCheck  # noqa: PLC0415 see above

    messages = [
        DestinationCheck(
            logical=name,
            destination=destination,
            clients=partial(make_client, settings),
            is_deployed=settings.is_deployed,
        )
        for name, destination in destinations.by_name.items()
    ]
    return Doctor((_store(settings, adapters, clock), _blobs(settings), *messages))


def _store(settings: Settings, adapters: Adapters, clock: Clock) -> Check:
    from api.composition.clients import region_of  # noqa: PLC0415 see above
    from api.composition.dynamodb import DynamoDBAdapters  # noqa: PLC0415 see above
    from infrastructure.doctor.store import StoreCheck  # noqa: PLC0415 see above

    if not isinstance(adapters, DynamoDBAdapters):
        raise TypeError(f"{type(adapters).__name__} are no adapters of DynamoDB")
    return StoreCheck(
        gateway=adapters.store.gateway,
        schemas=adapters.schemas,
        initializer=adapters.table_initializer,
        clock=clock,
        place=f"{settings.endpoint_url or 'AWS'}, region {region_of(settings)},",
    )


def _blobs(settings: Settings) -> Check:
    from api.composition.clients import make_client  # noqa: PLC0415 see above
    from infrastructure.doctor.blobs import (  # noqa: PLC0415 see above
        BucketCheck,
        FolderCheck,
        NoBucketCheck,
    )

    if settings.blob_store == "file" and settings.blob_folder is not None:
        return FolderCheck(Path(settings.blob_folder))
    if settings.blob_store in (None, "s3") and settings.blob_bucket is not None:
        client = make_client(settings, "s3", attempts=settings.retry_attempts)
        return BucketCheck(client, settings.blob_bucket)
    return NoBucketCheck(is_memory=settings.blob_store == "memory")
