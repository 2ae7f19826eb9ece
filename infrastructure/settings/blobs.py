"""Where is kept what is too large for an item."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from infrastructure.settings.checks import bucket_name, one_of, within
from infrastructure.settings.options import option, optional

BlobStoreName = Literal["memory", "file", "s3"]
BlobEncryption = Literal["AES256", "aws:kms", "bucket"]


@frozen(kw_only=True, slots=False)
class BlobSettings:
    """Where is kept what is too large for an item."""

    blob_store: BlobStoreName | None = optional(
        "Where blobs are kept, which are too large for an item. Empty: memory with the provider "
        "memory, else s3.",
        one_of(BlobStoreName),
    )
    blob_bucket: str | None = optional(
        "Bucket of S3 for blobs. It must exist; best with versions, which make collecting exact.",
        bucket_name,
    )
    blob_folder: str | None = optional("Folder for blobs where they are kept as files.")
    blob_encryption: BlobEncryption = option(
        "AES256",
        "How S3 encrypts blobs. bucket: as the bucket says, with its own key if it has one.",
        one_of(BlobEncryption),
    )
    blob_cache_folder: str | None = optional(
        "Local folder for copies of blobs that were read. Empty: there are none."
    )
    blob_cache_megabytes: int = option(
        1000, "Most megabytes of such copies: the least recently read go.", within(1, 10_000_000)
    )
    offload_threshold_bytes: int = option(
        # An item holds 400 KB, its keys and other attributes among them.
        300_000,
        "Bytes of a value as stored in an item. A larger one is stored as a blob.",
        within(0, 380_000),
    )
