"""What can go wrong with signing in, and with what somebody may do."""

from __future__ import annotations

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class SignInFailed(DynastrataError):
    """The address and password do not belong together. Says no more on purpose."""

    def __str__(self) -> str:
        return "the e-mail address or the password is wrong"


@frozen
class NotPermitted(DynastrataError):
    """The caller is known, and may not do this."""

    action: str

    def __str__(self) -> str:
        return f"not permitted: {self.action}"
