"""Whether there is a place for what is too large for an item."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from application.errors import AccessDenied, ResourceMissing
from infrastructure.blobs.s3_errors import translated
from infrastructure.doctor.finding import Check, Finding, Level

_NAME = "blobs"


@frozen
class BucketCheck(Check):
    """A bucket of S3, seen through a client of botocore."""

    client: Any
    bucket: str
    name: str = _NAME

    def run(self) -> Iterator[Finding]:
        """See `Check`."""
        try:
            with translated("HeadBucket", self.bucket, ""):
                self.client.head_bucket(Bucket=self.bucket)
        except ResourceMissing:
            found = f"the bucket {self.bucket} is missing"
            yield Finding(
                self.name, Level.FAULT, found, "create it, or correct DYNASTRATA_BLOB_BUCKET"
            )
        else:
            yield self._versions()

    def _versions(self) -> Finding:
        try:
            with translated("GetBucketVersioning", self.bucket, ""):
                answer = self.client.get_bucket_versioning(Bucket=self.bucket)
        except AccessDenied as denied:
            return Finding(
                self.name, Level.WARNING, str(denied), "permit s3:GetBucketVersioning to see it"
            )
        if answer.get("Status") == "Enabled":
            return Finding(self.name, Level.OK, f"the bucket {self.bucket} is there, with versions")
        return Finding(
            self.name,
            Level.WARNING,
            f"the bucket {self.bucket} keeps no versions",
            "turn on its versioning: without it, `projections collect` may remove a blob that "
            "is just being put again",
        )


@frozen
class FolderCheck(Check):
    """A folder, which is made when it is first needed."""

    folder: Path
    name: str = _NAME

    def run(self) -> Iterator[Finding]:
        """See `Check`."""
        there = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            yield Finding(self.name, Level.OK, f"they can be kept in {self.folder}")
        else:
            found = f"{there} is no folder that can be written to"
            yield Finding(self.name, Level.FAULT, found, "correct DYNASTRATA_BLOB_FOLDER")


@frozen
class NoBucketCheck(Check):
    """A place that needs no look: there is none, or it is this process."""

    is_memory: bool
    name: str = _NAME

    def run(self) -> Iterator[Finding]:
        """See `Check`."""
        if self.is_memory:
            yield Finding(
                self.name,
                Level.WARNING,
                "they are kept in memory, and forgotten at exit",
                "set DYNASTRATA_BLOB_BUCKET or DYNASTRATA_BLOB_FOLDER",
            )
        else:
            found = "they have no place: what is too large for an item is refused"
            yield Finding(self.name, Level.OK, found)
