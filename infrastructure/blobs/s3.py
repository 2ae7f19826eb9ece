"""Blobs as objects of a bucket of S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BufferedReader
from typing import IO, Any

from botocore.exceptions import ClientError
from typing_extensions import override

from application.ports.blob_store import BlobMissing, BlobStore, StoredBlob
from infrastructure.blobs.keys import check_prefix, is_key, sha256_of
from infrastructure.blobs.s3_errors import is_missing, translated
from infrastructure.blobs.streams import CHUNK, Translated, as_stream

_RESOLUTION = timedelta(seconds=1)
"""S3 tells when an object was put in whole seconds, cut down."""

Client = Any
"""A botocore client of S3; its methods are made at run time, so it has no static type."""


class S3BlobStore(BlobStore):
    """Blobs in one bucket, which exists already. A blob has at most 5 GB: it is put by one request.

    `encryption` is `AES256` or `aws:kms`; None leaves it to the bucket, which may have a key of its
    own. Without permission to list the bucket, S3 answers that access is denied where a blob is
    missing. The SDK may retry every request.
    """

    provider = "s3"

    def __init__(self, client: Client, bucket: str, encryption: str | None) -> None:
        self._client = client
        self._bucket = bucket
        self._encryption: Mapping[str, str] = (
            {} if encryption is None else {"ServerSideEncryption": encryption}
        )

    @override
    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        sha256_of(key)
        with self._translated("PutObject", key):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=as_stream(content), **self._encryption
            )

    @override
    def open(self, key: str) -> IO[bytes]:
        sha256_of(key)
        with self._translated("GetObject", key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if is_missing(error):
                    raise BlobMissing(key, self.provider) from error
                raise
        translate = partial(translated, "GetObject", self._bucket, key)
        return BufferedReader(Translated(answer["Body"], translate), CHUNK)

    @override
    def delete(self, key: str, *, older_than: datetime | None = None) -> bool:
        """See the port. S3 cannot tell by the age what to delete, so this looks first.

        In a bucket with versions it then deletes the very version it saw, so that a blob which is
        put meanwhile stays. In any other bucket such a put is lost when it comes between these two
        requests: a reference to it ends in `BlobMissing`.
        """
        sha256_of(key)
        seen = self._head(key)
        if seen is None:
            return False
        if older_than is not None and _utc(seen["LastModified"]) + _RESOLUTION > older_than:
            return False
        version = {"VersionId": seen["VersionId"]} if older_than and "VersionId" in seen else {}
        with self._translated("DeleteObject", key):
            self._client.delete_object(Bucket=self._bucket, Key=key, **version)
        return True

    @override
    def list(self, prefix: str) -> Iterator[StoredBlob]:
        check_prefix(prefix)
        return self._listed(prefix)

    def _listed(self, prefix: str) -> Iterator[StoredBlob]:
        pages = self._client.get_paginator("list_objects_v2")
        with self._translated("ListObjectsV2", prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    if is_key(found["Key"]):
                        yield StoredBlob(
                            key=found["Key"],
                            size=found["Size"],
                            last_modified=_utc(found["LastModified"]),
                        )

    def _head(self, key: str) -> Mapping[str, Any] | None:
        with self._translated("HeadObject", key):
            try:
                seen: Mapping[str, Any] = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if not is_missing(error):
                    raise
                # The same answer, without a word, where the bucket is missing.
                self._client.head_bucket(Bucket=self._bucket)
                return None
            return seen

    def _translated(self, operation: str, key: str) -> AbstractContextManager[None]:
        attempts = (self._client.meta.config.retries or {}).get("total_max_attempts", 1)
        return translated(operation, self._bucket, key, attempts=attempts)


def _utc(timestamp: datetime) -> datetime:
    return timestamp.astimezone(UTC)
