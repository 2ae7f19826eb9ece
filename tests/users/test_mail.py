"""Mail by SMTP: what is sent, how it is protected, and what becomes of it where it cannot be."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from threading import Event

import pytest
import trustme
from attrs import evolve
from structlog.testing import capture_logs

from domain.errors import InvalidValue
from domain.users.values import Email
from infrastructure.settings.mail import MailServer
from infrastructure.system.ids import RandomIds
from infrastructure.system.mail import MailQueue, SmtpSender
from infrastructure.system.notifiers import MailNotifier
from tests.smtp import Mailbox, smtp_server
from tests.times import NOW

ADA = Email("ada@example.com")
PLAIN = MailServer(host="127.0.0.1", port=0, tls="none")
CLIENT = ssl.create_default_context()


class StoppedClock:
    def now(self) -> datetime:
        return NOW


def letter(text: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", ADA.value, text
    message.set_content(text)
    return message


def sender_to(
    mailbox: Mailbox, server: MailServer = PLAIN, tls: ssl.SSLContext = CLIENT
) -> SmtpSender:
    return SmtpSender(evolve(server, port=mailbox.port), tls)


def notifier(hand_over: Callable[[EmailMessage], None], **pages: str) -> MailNotifier:
    return MailNotifier(
        hand_over=hand_over,
        sender="accounts@example.com",
        clock=StoppedClock(),
        ids=RandomIds(),
        **pages,
    )


def test_a_token_comes_by_mail() -> None:
    with smtp_server() as mailbox:
        queue = MailQueue(sender_to(mailbox))
        notifier(queue.put).send_email_verification(ADA, "the-token." * 40)
        notifier(queue.put).send_password_reset(ADA, "another")
        verification, reset = mailbox.take(), mailbox.take()
        queue.stop()
    message = verification.message
    assert (message["From"], message["To"]) == ("accounts@example.com", "ada@example.com")
    assert verification.recipients == ["ada@example.com"]
    assert (message["Date"].datetime, message["Auto-Submitted"]) == (NOW, "auto-generated")
    assert message["Message-ID"].endswith("@example.com>")
    assert "\n" + "the-token." * 40 + "\n" in message.get_content().replace("\r", "")
    assert "another" in reset.message.get_content()
    assert reset.message["Subject"] == "Choose a new password"


def test_a_mail_leads_to_the_page_that_takes_the_token() -> None:
    sent: list[EmailMessage] = []
    there = notifier(
        sent.append,
        verification_page="https://example.com/verify",
        undo_page="https://example.com/undo",
        reset_page="https://example.com/reset",
    )
    there.send_email_verification(ADA, "the-token")
    there.send_password_reset(ADA, "another")
    there.send_email_change_undo(ADA, "a-third")
    assert "\nhttps://example.com/verify#the-token\n" in sent[0].get_content()
    assert "\nhttps://example.com/reset#another\n" in sent[1].get_content()
    assert "\nhttps://example.com/undo#a-third\n" in sent[2].get_content()


@pytest.mark.parametrize("how", ["starttls", "from the start"])
def test_password_and_mail_are_encrypted(how: str) -> None:
    authority = trustme.CA()
    there, here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(there)
    authority.configure_trust(here)
    server = evolve(PLAIN, tls=how, user="ada", password="hush")
    with smtp_server(tls=there, tls_first=how == "from the start") as mailbox:
        sender_to(mailbox, server, here)(letter())
        taken = mailbox.take()
    assert (taken.encrypted, taken.signed_in) == (True, True)


def test_nothing_is_sent_to_a_server_without_the_encryption_that_is_asked_for() -> None:
    server = evolve(PLAIN, tls="starttls", user="ada", password="hush")
    with smtp_server() as mailbox, pytest.raises(smtplib.SMTPNotSupportedError):
        sender_to(mailbox, server)(letter())
    assert mailbox.letters.empty()


def test_a_certificate_of_somebody_else_is_refused() -> None:
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(there)
    with smtp_server(tls=there) as mailbox, pytest.raises(ssl.SSLCertVerificationError):
        sender_to(mailbox, evolve(PLAIN, tls="starttls"))(letter())
    assert mailbox.letters.empty()


def test_a_server_that_is_busy_is_tried_again() -> None:
    with smtp_server() as mailbox:
        mailbox.refusals += ["451 busy", "451 busy"]
        queue = MailQueue(sender_to(mailbox), pauses=(0, 0))
        queue.put(letter())
        assert mailbox.take().message["Subject"] == "Hello"
        queue.stop()


def test_what_the_server_refuses_is_told_without_the_address_and_the_next_mail_is_sent() -> None:
    with smtp_server() as mailbox, capture_logs() as lines:
        mailbox.refusals += ["550 nobody of that name"]
        queue = MailQueue(sender_to(mailbox))
        queue.put(letter("one"))
        queue.put(letter("two"))
        assert mailbox.take().message["Subject"] == "two"
        queue.stop()
    assert lines == [
        {
            "event": "mail lost",
            "subject": "one",
            "error": "SMTPRecipientsRefused",
            "log_level": "error",
        }
    ]


def test_what_waits_is_sent_before_the_process_ends() -> None:
    go, sent = Event(), []

    def send(message: EmailMessage) -> None:
        go.wait(30)
        sent.append(message["Subject"])

    queue = MailQueue(send)
    for text in ("one", "two", "three"):
        queue.put(letter(text))
    go.set()
    queue.stop(30)
    assert sent == ["one", "two", "three"]


def test_a_server_that_hangs_keeps_no_process_from_ending() -> None:
    go = Event()

    def hang(_: EmailMessage) -> None:
        go.wait(30)

    queue = MailQueue(hang)
    queue.put(letter())
    with capture_logs() as lines:
        queue.stop(0.01)
    go.set()
    assert [line["event"] for line in lines] == ["mail is left unsent"]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://ada:h%40sh@mail.example.com",
            MailServer(
                host="mail.example.com", port=587, tls="starttls", user="ada", password="h@sh"
            ),
        ),
        (
            "smtps://mail.example.com",
            MailServer(host="mail.example.com", port=465, tls="from the start"),
        ),
        ("smtp://127.0.0.1:2525", MailServer(host="127.0.0.1", port=2525, tls="none")),
        ("smtp://localhost:25/", MailServer(host="localhost", port=25, tls="none")),
    ],
)
def test_a_server_is_named_by_its_address(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    ["hush", "http://hush", "smtp://", "smtp://host:hush", "smtp://hush/path", "smtp://[hush"],
)
def test_what_is_no_address_of_a_server_is_not_quoted(url: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        MailServer.parse(url)
    assert "hush" not in str(refused.value)
