"""Reading an e-mail address, so that one mailbox has one."""

from __future__ import annotations

from typing import Protocol

from domain.users.values import Email


class EmailParser(Protocol):
    """Knows which spellings of a domain are one, which Unicode's tables tell."""

    def parse(self, text: str) -> Email:
        """The address as `Email.parse` has it, with its domain in normal form too.

        Parsing it again changes nothing. Raises `InvalidValue`.
        """
        ...
