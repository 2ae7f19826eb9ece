"""The names of the operations, for a peer whose methods are the operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol


class Peer(Protocol):
    """Each method does one operation; `number` is another one each time."""

    def get(self, number: int, /) -> object:
        """One user by id."""
        ...

    def save(self, number: int, /) -> object:
        """One user is read, changed, and written."""
        ...

    def save_three(self, number: int, /) -> object:
        """Three users are read, changed, and written in one transaction."""
        ...

    def register(self, number: int, /) -> object:
        """A user, the claim on the address, and a message in one transaction."""
        ...

    def list_all(self, number: int, /) -> object:
        """The first 500 users."""
        ...

    def append(self, count: int, number: int, /) -> object:
        """So many events to an empty stream."""
        ...

    def load(self, number: int, /) -> object:
        """All events of the long stream."""
        ...


def named(peer: Peer) -> dict[str, Callable[[int], object]]:
    """The operations of a peer by their names."""
    return {
        "get": peer.get,
        "save": peer.save,
        "save three": peer.save_three,
        "register": peer.register,
        "list": peer.list_all,
        "append 1": partial(peer.append, 1),
        "append 5": partial(peer.append, 5),
        "append 50": partial(peer.append, 50),
        "load": peer.load,
    }
