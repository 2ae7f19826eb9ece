"""The bare call over `http.client`, as one would write it with the standard library."""

from __future__ import annotations

import http.client
from collections.abc import Callable

from scripts.bench.data import Place
from scripts.bench.peers import bare


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    return bare.over(Connection, place)


class Connection(bare.Connection):
    """To one endpoint, for one thread."""

    def close(self) -> None:
        """Ends it."""
        self._client.close()

    def _open(self) -> None:
        self._client = http.client.HTTPConnection(*self._address)

    def _exchange(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self._client.request("POST", "/", body, headers)
        answer = self._client.getresponse()
        return answer.status, answer.read()
