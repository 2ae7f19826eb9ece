"""The keys of blobs.

These are stored: in the references to blobs, and as the names of objects and files.
"""

from __future__ import annotations

import re

from domain.errors import InvalidValue

MAX_KEY = 512
"""Characters. S3 takes 1,024 bytes; a folder of the file store takes some of a path's length."""

_PART = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_KEY = re.compile(rf"(?:{_PART}/)+([0-9a-f]{{64}})\.bin")
_PREFIX = re.compile(rf"(?:{_PART}/)*")


def blob_key(folder: str, sha256: str) -> str:
    """The key of a blob: `<folder>/<sha256>.bin`. Raises `InvalidValue`."""
    key = f"{folder}/{sha256}.bin"
    sha256_of(key)
    return key


def sha256_of(key: str) -> str:
    """The hash in a key. Raises `InvalidValue` for what is no key."""
    found = _KEY.fullmatch(key)
    if found is None or len(key) > MAX_KEY:
        raise InvalidValue(
            "key",
            "must be parts of letters, digits, '_', '-' and '.' between them, and a SHA-256, as in "
            f"roster/1/<sha256>.bin, of at most {MAX_KEY} characters",
        )
    return found[1]


def is_key(name: str) -> bool:
    """Whether a name that a store lists is the key of a blob."""
    return len(name) <= MAX_KEY and _KEY.fullmatch(name) is not None


def check_prefix(prefix: str) -> None:
    """Raises `InvalidValue` for what is not whole parts of a key, each with its `/`."""
    if not _PREFIX.fullmatch(prefix) or len(prefix) > MAX_KEY:
        raise InvalidValue("prefix", "must be empty, or parts of a key that end with '/'")
