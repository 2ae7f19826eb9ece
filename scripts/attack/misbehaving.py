"""One client that does not behave, on a connection of its own."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from random import Random

from attrs import define, field, frozen

from infrastructure.engines.process import LOOPBACK
from scripts.attack.misbehaviours import UNREAD, Misbehaviour

_SLACK = 20.0
"""Seconds beyond a bound, on a machine with much else to do."""

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@frozen
class Ended:
    """What a client got who does not behave, and whether the server ended the connection."""

    who: Misbehaviour
    answers: list[int]
    by_server: bool


async def behave(
    port: int, who: Misbehaviour, random: Random, *, bound: float, after: float = 0
) -> Ended:
    """Sends after so many seconds, and reads until the server ends the connection.

    `bound` is how many seconds the server may wait for it.
    """
    await asyncio.sleep(after)
    loop = asyncio.get_running_loop()
    received = Received()
    with socket.socket() as connection:
        connection.setblocking(False)  # noqa: FBT003 as sockets have it
        if not who.reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(connection, (LOOPBACK, port))
        sending = asyncio.create_task(_send(connection, who, random))
        if not who.reads:
            await asyncio.sleep(2 * bound)
        try:
            await asyncio.wait_for(_receive(connection, received), bound + _SLACK)
            by_server = who.reads or len(received.answers) < UNREAD
        except TimeoutError:
            by_server = await _is_unknown(connection)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
    return Ended(who, received.answers, by_server)


async def _is_unknown(connection: socket.socket) -> bool:
    """Whether the server never had it: where too many come at once, the system drops some.

    Their clients take them for made, until they send something and are told otherwise.
    """
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(connection, b"\r\n")
        await asyncio.wait_for(loop.sock_recv(connection, 1), _SLACK)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return False


async def _send(connection: socket.socket, who: Misbehaviour, random: Random) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        for piece in who.pieces(random):
            await loop.sock_sendall(connection, piece)
            await asyncio.sleep(who.pause)


@define
class Received:
    """The statuses that were answered so far."""

    answers: list[int] = field(factory=list)
    _tail: bytes = b""

    def add(self, data: bytes) -> None:
        """The next bytes."""
        data = self._tail + data
        found = list(_STATUS.finditer(data))
        self.answers += [int(each[1]) for each in found]
        self._tail = data[max(found[-1].end() if found else 0, len(data) - 11) :]


async def _receive(connection: socket.socket, received: Received) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while data := await loop.sock_recv(connection, 1 << 18):
            received.add(data)
