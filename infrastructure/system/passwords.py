"""Password hashing with Argon2id."""

from __future__ import annotations

import os
from threading import BoundedSemaphore

import argon2
from argon2.exceptions import VerifyMismatchError
from typing_extensions import override

from application.ports.password_hasher import PasswordHasher


class Argon2Hasher(PasswordHasher):
    """Argon2id.

    The parameters are those that argon2-cffi recommends, unless others are given; a hash carries
    its own, so changing them leaves stored passwords valid.
    """

    def __init__(self, algorithm: argon2.PasswordHasher | None = None) -> None:
        self._algorithm = algorithm or argon2.PasswordHasher()
        # Each takes some 64 MB while it runs; more at once than there are processors gain nothing.
        self._running = BoundedSemaphore(os.cpu_count() or 1)
        # Stands in for a missing hash. Made now, so that the first unknown user costs no more.
        self._nobody = self._algorithm.hash("nobody's password")

    @override
    def hash(self, password: str) -> str:
        with self._running:
            return self._algorithm.hash(_encoded(password))

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        """See the port. A text that is no hash at all raises `argon2.exceptions.InvalidHash`."""
        try:
            with self._running:
                self._algorithm.verify(password_hash or self._nobody, _encoded(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None


def _encoded(password: str) -> bytes:
    # Surrogates have no UTF-8; a password that holds one is odd, and no reason to fail.
    return password.encode("utf-8", "surrogatepass")
