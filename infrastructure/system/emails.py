"""Addresses whose domains are normalised by UTS 46, as browsers and mail servers do it."""

from __future__ import annotations

from typing_extensions import override

from application.ports.email_parser import EmailParser
from domain.errors import InvalidValue
from domain.users.values import Email

_PUNYCODE = "xn--"  # RFC 5890, section 2.3.2.1


class Uts46EmailParser(EmailParser):
    """Maps each domain, nontransitionally, and shows each label in Unicode.

    What IDNA 2008 would not register is taken all the same, such as hearts: there are such domains.
    The package is imported by the first domain that needs it, which those of plain ASCII do not.
    """

    @override
    def parse(self, text: str) -> Email:
        """See the port."""
        email = Email.parse(text)
        name, _, domain = email.value.rpartition("@")
        if domain.isascii() and _PUNYCODE not in domain:
            return email
        try:
            return Email.parse(f"{name}@{_normalised(domain)}")
        except UnicodeError as error:
            raise InvalidValue("email", "not an e-mail address") from error


def _normalised(domain: str) -> str:
    """Raises `UnicodeError` for a domain that cannot be."""
    return ".".join(_in_unicode(label) for label in _mapped(domain).split("."))


def _mapped(text: str) -> str:
    from idna import uts46_remap  # noqa: PLC0415 see above

    return uts46_remap(text, std3_rules=False)


def _in_unicode(label: str) -> str:
    if not label.startswith(_PUNYCODE):
        return label
    shown = label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    if shown.isascii() or _mapped(shown) != shown:
        raise UnicodeError("a label in Punycode that no domain has")
    return shown
