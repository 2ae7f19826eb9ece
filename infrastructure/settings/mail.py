"""How mail is sent."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import Attribute, field, frozen

from domain.errors import InvalidValue
from infrastructure.settings.checks import invalid, is_loopback, rate, web_address
from infrastructure.settings.options import option, optional, secret

_PORTS = {"smtp": 587, "smtps": 465}  # RFC 6409 and RFC 8314
_ADDRESS = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@[A-Za-z0-9.-]+")


@frozen(kw_only=True)
class MailServer:
    """A server of SMTP, and who signs in there; an empty `user` does not.

    `tls` tells how the connection is encrypted: from its start, by STARTTLS, or, on this machine
    alone, not at all.
    """

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Reads `smtp://user:password@host:587`. Raises `InvalidValue`, which quotes nothing."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError) as error:
            raise InvalidValue("mail server", _REASON) from error
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise InvalidValue("mail server", _REASON)
        return cls(
            host=parts.hostname,
            port=port,
            tls=_tls(parts),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


_REASON = "must be smtp://user:password@host:587, or smtps:// where TLS begins at once"


def _tls(parts: SplitResult) -> str:
    if parts.scheme == "smtps":
        return "from the start"
    return "none" if is_loopback(f"http://{parts.hostname}") else "starttls"


def _mail_server(_: object, attribute: Attribute[Any], value: str) -> None:
    try:
        MailServer.parse(value or "smtp://localhost")
    except InvalidValue as error:
        # Without its cause, which quotes a part of the URL, and with it perhaps the password.
        raise invalid(attribute.name, error.reason) from None


def _mail_address(_: object, attribute: Attribute[Any], value: str) -> None:
    if not _ADDRESS.fullmatch(value) or not value.isascii():
        raise invalid(attribute.name, "must be an address of mail: accounts@example.com")


@frozen(kw_only=True, slots=False)
class MailSettings:
    """How mail is sent."""

    mail_server: str = secret(
        "",
        "The server that takes mail: smtp://user:password@host:587, with TLS but on this machine; "
        "smtps:// where TLS begins at once. SES has such servers. Empty: mail is written to the "
        "log, which staging and production refuse.",
        _mail_server,
    )
    mail_sender: str | None = optional("The address that mail comes from.", _mail_address)
    mail_verification_page: str | None = optional(
        "The page of yours that takes the token from a mail and sends it to "
        "/users/email-verification. The mail has its address, with the token behind '#'. Empty: "
        "the mail has the token alone.",
        web_address,
    )
    mails_per_address: str = option(
        "5 per 15 minutes",
        "Mails that anybody may ask for to one address, registrations among them.",
        rate,
    )
    mails_per_source: str = option(
        "100 per 15 minutes", "The same to any addresses, by one source.", rate
    )
    mail_undo_page: str | None = optional("The same for /users/email-undo.", web_address)
    mail_reset_page: str | None = optional(
        "The same for /users/password-reset/completion.", web_address
    )
