"""A server of SMTP that keeps what it is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

from attrs import define, field


@define
class Letter:
    """A mail as it came."""

    message: EmailMessage
    recipients: list[str]
    signed_in: bool
    encrypted: bool


@define
class Mailbox:
    """What the server took, and how it answers: `refusals` are its next answers to a recipient."""

    port: int = 0
    letters: Queue[Letter] = field(factory=Queue)
    refusals: list[str] = field(factory=list)
    tls: ssl.SSLContext | None = None
    tls_first: bool = False

    def take(self) -> Letter:
        """The next mail, which is waited for."""
        return self.letters.get(timeout=30)


class _Handler(StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        with suppress(OSError):  # who does not like the certificate goes away
            self._talk()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _talk(self) -> None:
        self.encrypted = False
        if self.mailbox.tls_first:
            self._encrypt()
        self.recipients: list[str] = []
        self.signed_in = False
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb.upper(), rest)

    def _answer(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                starttls = self.mailbox.tls is not None and not self.encrypted
                self._say("250-here", *(["250-STARTTLS"] if starttls else []), "250 AUTH PLAIN")
            case "STARTTLS":
                self._say("220 go on")
                self._encrypt()
            case "AUTH":
                self.signed_in = True
                self._say("235 you are")
            case "RCPT":
                refusal = self.mailbox.refusals.pop(0) if self.mailbox.refusals else ""
                self.recipients.append(rest.partition("<")[2].rstrip(">"))
                self._say(refusal or "250 known")
            case "DATA":
                self._say("354 go on")
                self._keep()
                self._say("250 taken")
            case _:
                self._say("250 well")

    def _keep(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        message: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        letter = Letter(message, self.recipients, self.signed_in, self.encrypted)
        self.mailbox.letters.put(letter)

    def _encrypt(self) -> None:
        assert self.mailbox.tls is not None
        self.request = self.mailbox.tls.wrap_socket(self.request, server_side=True)
        self.encrypted = True
        self.setup()

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def smtp_server(*, tls: ssl.SSLContext | None = None, tls_first: bool = False) -> Iterator[Mailbox]:
    """A server on this machine while the block runs."""
    mailbox = Mailbox(tls=tls, tls_first=tls_first)
    handler = type("Handler", (_Handler,), {"mailbox": mailbox})
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        mailbox.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
