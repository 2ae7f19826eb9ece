"""From settings to the blob store."""

from __future__ import annotations

from pathlib import Path

from application.ports.blob_store import BlobStore
from application.ports.clock import Clock
from infrastructure.blobs.cache import CachedBlobStore
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.blobs.offload import Offload
from infrastructure.settings.blobs import BlobStoreName
from infrastructure.settings.checks import invalid
from infrastructure.settings.settings import Settings

_MEGABYTE = 1_000_000


def make_blob_store(settings: Settings, clock: Clock) -> BlobStore:
    """The store that the settings name, behind its cache where there is one.

    Raises `SettingsError` where the folder or the bucket of it is not set, or no region is.
    """
    store = _store(settings, clock)
    if settings.blob_cache_folder is None:
        return store
    folder = Path(settings.blob_cache_folder)
    return CachedBlobStore(store, folder, settings.blob_cache_megabytes * _MEGABYTE)


def make_offload(settings: Settings, store: BlobStore) -> Offload:
    """What puts large values into the store."""
    return Offload(store, settings.offload_threshold_bytes)


def _store(settings: Settings, clock: Clock) -> BlobStore:
    match _name(settings):
        case "memory":
            return MemoryBlobStore(clock)
        case "file":
            if settings.blob_folder is None:
                raise invalid("blob_folder", "is needed for blobs that are kept as files")
            return FileBlobStore(Path(settings.blob_folder))
        case "s3":
            return _s3(settings)


def _name(settings: Settings) -> BlobStoreName:
    return settings.blob_store or ("memory" if settings.provider == "memory" else "s3")


def _s3(settings: Settings) -> BlobStore:
    # Imported where it is used: anything else runs without the SDK of AWS.
    from api.composition.clients import make_client  # noqa: PLC0415 see above
    from infrastructure.blobs.s3 import S3BlobStore  # noqa: PLC0415 see above

    if settings.blob_bucket is None:
        raise invalid("blob_bucket", "is needed for blobs that are kept in S3")
    client = make_client(settings, "s3", attempts=settings.retry_attempts)
    encryption = None if settings.blob_encryption == "bucket" else settings.blob_encryption
    return S3BlobStore(client, settings.blob_bucket, encryption)
