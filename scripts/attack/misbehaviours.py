"""What clients send that do not behave: half of it, slowly, malformed, or without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from random import Random

from attrs import frozen

_POST = b"POST /users HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
_HEALTH = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
_DESCRIPTION = b"GET /openapi.json HTTP/1.1\r\nHost: here\r\n\r\n"
_PIECE = b" " * 64 * 1024
_SLOWLY = 0.1  # seconds between two bytes
UNREAD = 100
"""Answers that do not fit into the buffers of two sockets."""

Pieces = Callable[[Random], Iterator[bytes]]


@frozen
class Misbehaviour:
    """What is sent, piece by piece with a pause of so many seconds between two.

    `answers` are the statuses that may be answered: after one that refuses nothing else is.
    """

    name: str
    pieces: Pieces
    pause: float = 0
    answers: tuple[int, ...] = ()
    reads: bool = True


def _at_once(*sent: bytes) -> Pieces:
    return lambda _: iter([b"".join(sent)])


def _byte_by_byte(sent: bytes) -> Pieces:
    return lambda _: (bytes([each]) for each in sent)


def _endless(head: bytes, piece: bytes) -> Pieces:
    return lambda _: chain([head], repeat(piece))


def _rubbish(random: Random) -> Iterator[bytes]:
    yield _HEALTH * 20
    yield random.randbytes(10_000)


def _head(*lines: bytes) -> bytes:
    return _POST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


SILENT = Misbehaviour("sends nothing", _at_once())
HALF_A_BODY = Misbehaviour("half a body", _at_once(_head(b"Content-Length: 10"), b"{"))
NEVER_READS = Misbehaviour("never reads", _at_once(_DESCRIPTION * UNREAD), 0, (200,), reads=False)

MISBEHAVIOURS = (
    SILENT,
    HALF_A_BODY,
    Misbehaviour("half a head", _at_once(_POST)),
    Misbehaviour("a head byte by byte", _byte_by_byte(_POST * 100), _SLOWLY),
    Misbehaviour("a head line by line", _endless(_POST, b"X-Line: 1\r\n"), _SLOWLY),
    Misbehaviour("a body byte by byte", _endless(_head(b"Content-Length: 9999"), b" "), _SLOWLY),
    Misbehaviour(
        "chunks byte by byte",
        _endless(_head(b"Transfer-Encoding: chunked"), b"1\r\n \r\n"),
        _SLOWLY,
    ),
    Misbehaviour(
        "a second request by halves", _at_once(_HEALTH, _head(b"Content-Length: 10")), 0, (200,)
    ),
    Misbehaviour(
        "both lengths",
        _at_once(_head(b"Content-Length: 5", b"Transfer-Encoding: chunked"), b"0\r\n\r\n", _HEALTH),
        answers=(400,),
    ),
    Misbehaviour(
        "two lengths",
        _at_once(_head(b"Content-Length: 5", b"Content-Length: 6"), b"12345", _HEALTH),
        answers=(400,),
    ),
    Misbehaviour("no length", _at_once(_head(b"Content-Length: -1"), _HEALTH), answers=(400,)),
    Misbehaviour(
        "a broken chunk",
        _at_once(_head(b"Transfer-Encoding: chunked"), b"x\r\n", _HEALTH),
        answers=(400,),
    ),
    Misbehaviour(
        "an unknown encoding",
        _at_once(_head(b"Transfer-Encoding: gzip"), _HEALTH),
        answers=(501, 400),
    ),
    Misbehaviour("a huge head", _endless(_POST + b"X-Huge: ", _PIECE), answers=(400, 431)),
    Misbehaviour(
        "a huge body", _endless(_head(b"Content-Length: 99999999999"), _PIECE), answers=(413,)
    ),
    Misbehaviour(
        "endless chunks",
        _endless(_head(b"Transfer-Encoding: chunked"), b"10000\r\n" + _PIECE + b"\r\n"),
        answers=(413,),
    ),
    Misbehaviour("pipelined rubbish", _rubbish, answers=(200, 400)),
    Misbehaviour("rubbish", lambda random: iter([random.randbytes(1000)]), answers=(400,)),
    Misbehaviour(
        "a greeting in TLS",
        _at_once(bytes.fromhex("16030100050100000100"), b"\r\n\r\n"),
        answers=(400,),
    ),
    Misbehaviour(
        "a preface of HTTP/2",
        _at_once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        answers=(404, 400, 505),
    ),
    Misbehaviour("a header with a NUL", _at_once(_head(b"X-Nul: a\0b"), _HEALTH), answers=(400,)),
    Misbehaviour(
        "a space before the colon",
        _at_once(_head(b"Content-Length : 5"), b"12345", _HEALTH),
        answers=(400,),
    ),
    Misbehaviour("a request by HTTP/0.9", _at_once(b"GET /health\r\n\r\n"), answers=(400,)),
)
"""All of these are ended by the server, whatever the client wants."""
