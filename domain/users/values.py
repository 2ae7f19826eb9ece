"""The values a user is made of. Parsing checks them; rebuilding stored ones does not."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import Enum

from attrs import field, frozen

from domain.errors import InvalidValue

# Deliberately plain: something@domain.tld without spaces. Whether a mailbox exists is shown by
# the verification mail, not by a pattern. Lengths are those of RFC 5321, section 4.5.3.1.
ADDRESS = re.compile(
    r'[^@\s"(),:;<>\[\]\\]{1,64}@(?:[^@\s.,:;<>\[\]\\/#?]{1,63}\.)+[^@\s.,:;<>\[\]\\/#?]{2,63}'
)
MAX_ADDRESS = 254
MAX_NAME = 100
# Invisible, but part of how names are written in Persian, Hindi and other languages.
_JOINERS = {0x200C: None, 0x200D: None}
INVISIBLE = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180D), (0x180F, 0x180F)),
    *((0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)
"""What Unicode counts as printable, and nobody sees: fillers, a blank, and selectors of variants.

First and last code points. A name may have some, and not these alone.
"""
_UNSEEN = {code: None for first, last in INVISIBLE for code in range(first, last + 1)}
MIN_PASSWORD = 10
MAX_PASSWORD = 200


class Role(Enum):
    """What a user may do. The values are stored: never change them."""

    MEMBER = "member"
    ADMIN = "admin"


@frozen
class Email:
    """A normalised e-mail address. Make one with `Email.parse`."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Email:
        """The address in normal form: NFC, trimmed, lower case. Raises `InvalidValue`.

        What else is one domain is known to `application.ports.email_parser`.
        """
        _check_normalisable("email", text, MAX_ADDRESS)
        # Twice: some pairs of letter and accent have a composed form in lower case alone.
        lower = unicodedata.normalize("NFC", text).strip().lower()
        address = unicodedata.normalize("NFC", lower)
        if len(address) > MAX_ADDRESS:
            raise InvalidValue("email", f"longer than {MAX_ADDRESS} characters")
        if not ADDRESS.fullmatch(address) or not address.isprintable():
            raise InvalidValue("email", "not an e-mail address")
        return cls(address)


def parse_name(field_name: str, text: str) -> str:
    """A trimmed name of 1 to 100 printable characters, not all unseen. Raises `InvalidValue`."""
    _check_normalisable(field_name, text, MAX_NAME)
    name = unicodedata.normalize("NFC", text).strip()
    visible = name.translate(_JOINERS)
    if not visible.translate(_UNSEEN).strip():
        raise InvalidValue(field_name, "must not be empty")
    if len(name) > MAX_NAME:
        raise InvalidValue(field_name, f"longer than {MAX_NAME} characters")
    if not visible.isprintable():
        raise InvalidValue(field_name, "contains characters that cannot be printed")
    return name


def _check_normalisable(field_name: str, text: str, longest: int) -> None:
    # Before normalising, whose time grows with the square of a run of accents. Composing makes a
    # text at most four times shorter.
    if len(text) > 4 * longest:
        raise InvalidValue(field_name, f"longer than {longest} characters")


def parse_password(field_name: str, text: str) -> str:
    """A password of 10 to 200 characters, unchanged. Raises `InvalidValue`, without the text."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise InvalidValue(field_name, f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return text


@frozen(kw_only=True)
class Session:
    """One signed-in session. Only hashes of its refresh-token secrets are kept."""

    id: str
    token_hash: str = field(repr=False)
    previous_token_hash: str | None = field(default=None, repr=False)
    rotated_at: datetime
    expires_at: datetime


class Rotation(Enum):
    """How presenting a refresh-token secret ended."""

    ROTATED = "rotated"
    REUSED = "reused"
