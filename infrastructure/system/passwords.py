"""Password hashing with Argon2id, a few at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import argon2
from argon2.exceptions import VerifyMismatchError
from typing_extensions import override

from application.ports.password_hasher import HashingBusy, PasswordHasher

MAX_SLOTS = 20
"""At most so many passwords are hashed at once."""

MAX_WAITING = 16
"""Those that wait for a slot.

With the slots they are fewer than the threads in which requests are served, of which each takes
one (`http_threads`, at least forty): there are always some left for requests that hash nothing.
"""


class Argon2Hasher(PasswordHasher):
    """Argon2id in so many `slots` at once; 0 is one fewer than the processors, and at least one.

    Who finds no slot waits for `wait_seconds`, and not at all behind `MAX_WAITING` others: then it
    is `HashingBusy`. Waiting and hashing keep no other thread from running.

    The parameters are those that argon2-cffi recommends, unless others are given; a hash carries
    its own, so changing them leaves stored passwords valid.
    """

    def __init__(
        self,
        algorithm: argon2.PasswordHasher | None = None,
        *,
        slots: int = 0,
        wait_seconds: float = 2.0,
    ) -> None:
        self._algorithm = algorithm or argon2.PasswordHasher()
        slots = min(MAX_SLOTS, slots or max(1, (os.cpu_count() or 1) - 1))
        self._slots = BoundedSemaphore(slots)
        self._places = BoundedSemaphore(slots + MAX_WAITING)
        self._wait_seconds = wait_seconds
        # Stands in for a missing hash. Made now, so that the first unknown user costs no more.
        self._nobody = self._algorithm.hash("nobody's password")

    @override
    def hash(self, password: str) -> str:
        with self._slot():
            return self._algorithm.hash(_encoded(password))

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        """See the port. A text that is no hash at all raises `argon2.exceptions.InvalidHash`."""
        try:
            with self._slot():
                self._algorithm.verify(password_hash or self._nobody, _encoded(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise HashingBusy()
        try:
            if not self._slots.acquire(timeout=self._wait_seconds):
                raise HashingBusy()
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()


def _encoded(password: str) -> bytes:
    # Surrogates have no UTF-8; a password that holds one is odd, and no reason to fail.
    return password.encode("utf-8", "surrogatepass")
