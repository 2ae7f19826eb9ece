"""Sending mail by SMTP, behind the back of whoever hands it over."""

from __future__ import annotations

import atexit
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from queue import Empty, Full, Queue
from threading import Event, Lock
from typing import Any

import structlog
from attrs import frozen

from infrastructure.settings.mail import MailServer
from infrastructure.system.work import WorkThread

_TIMEOUT = 10.0  # seconds, for each answer of the server
_PAUSES = (1.0, 5.0, 25.0)  # seconds before each further attempt
_STOP = 5.0  # seconds that mail may still take when the process ends
_WAITING = 1000  # mails

Send = Callable[[EmailMessage], None]
"""Sends one mail. Raises an `OSError`, of which those of smtplib are."""


@frozen
class SmtpSender:
    """Sends a mail by a connection of its own, to those whom it names."""

    server: MailServer
    tls: ssl.SSLContext

    def __call__(self, message: EmailMessage) -> None:
        """See `Send`."""
        with self._connected() as connection:
            if self.server.user:
                connection.login(self.server.user, self.server.password)
            connection.send_message(message)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        at = (self.server.host, self.server.port)
        if self.server.tls == "from the start":
            with smtplib.SMTP_SSL(*at, timeout=_TIMEOUT, context=self.tls) as connection:
                yield connection
            return
        with smtplib.SMTP(*at, timeout=_TIMEOUT) as connection:
            if self.server.tls == "starttls":
                connection.starttls(context=self.tls)  # raises where the server has none
            yield connection


class MailQueue:
    """Mail that waits to be sent, by one thread: handing it over takes no time.

    What cannot be sent in four attempts is lost, and so is what finds a thousand waiting; a line in
    the log tells it, without the address. At the end of the process what waits has five seconds.
    """

    def __init__(self, send: Send, pauses: tuple[float, ...] = _PAUSES) -> None:
        self._send = send
        self._pauses = pauses
        self._waiting: Queue[EmailMessage | None] = Queue(_WAITING)
        self._stopping = Event()
        self._starting = Lock()
        self._thread: WorkThread | None = None
        self._log: Any = structlog.get_logger()

    def put(self, message: EmailMessage) -> None:
        """Takes a mail that is to be sent. For any thread."""
        self._start()
        try:
            self._waiting.put_nowait(message)
        except Full:
            self._log.error("mail lost: too much of it waits", subject=message["Subject"])

    def stop(self, seconds: float = _STOP) -> None:
        """Sends what waits, each mail once and without pauses, for at most so many seconds."""
        if self._thread is None:
            return
        self._stopping.set()
        try:
            self._waiting.put_nowait(None)
        except Full:
            self._log.warning("mail is left unsent")
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._log.warning("mail is left unsent", at_least=self._waiting.qsize())

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = WorkThread(type(self).__name__, self._work)
                self._thread.start()
                atexit.register(self.stop)

    def _work(self) -> None:
        while (message := self._next()) is not None:
            self._try_to_send(message)

    def _next(self) -> EmailMessage | None:
        try:
            return self._waiting.get(block=not self._stopping.is_set())
        except Empty:
            return None

    def _try_to_send(self, message: EmailMessage) -> None:
        for pause in (*self._pauses, None):
            try:
                self._send(message)
            except (OSError, ValueError) as error:
                if pause is None or self._stopping.is_set() or _is_final(error):
                    # Its text may name the address.
                    name = type(error).__name__
                    self._log.error("mail lost", subject=message["Subject"], error=name)
                    return
                self._stopping.wait(pause)
            else:
                return


def _is_final(error: Exception) -> bool:
    """Whether another attempt would end the same: the server said no, or cannot do it at all."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, ValueError | smtplib.SMTPNotSupportedError)
