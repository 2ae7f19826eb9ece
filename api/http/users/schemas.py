"""The bodies of requests about users, and what is shown of a user."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from api.http.body import AROUND, INK, Body, Rule, Token
from domain.repository import Page
from domain.users.user import User
from domain.users.values import (
    ADDRESS,
    INVISIBLE,
    MAX_ADDRESS,
    MAX_NAME,
    MAX_PASSWORD,
    MIN_PASSWORD,
)

# With the two invisible characters that join letters, and never only these.
_JOINED = r"[ \u200c\u200d]"
_UNSEEN = "".join(f"{chr(first)}-{chr(last)}" for first, last in INVISIBLE)
_SEEN = f"{INK.removesuffix(']')}{_UNSEEN}]"
_NAME = f"^{AROUND}(?:[{_UNSEEN}]|{_JOINED})*{_SEEN}(?:{INK}|{_JOINED})*{AROUND}$"
_ADDRESS = ADDRESS.pattern.replace(r"\s", r"\p{C}\p{Z}")
_PASSWORD = {"format": "password"}
# What may be left out is None then, and yet no client may send null.
_LEFT_OUT: Any = None

Name = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, pattern=_NAME),
    Rule(f"must be text of 1 to {MAX_NAME} printable characters"),
]

Address = Annotated[
    str,
    Field(max_length=MAX_ADDRESS, pattern=f"^{AROUND}{_ADDRESS}{AROUND}$"),
    Rule(f"must be an e-mail address of at most {MAX_ADDRESS} characters"),
]

Password = Annotated[str, Field(json_schema_extra=_PASSWORD)]
"""A password that is compared with the present one: any other is only a wrong one."""

NewPassword = Annotated[
    str,
    Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, json_schema_extra=_PASSWORD),
]


class RegisterBody(Body):
    """A new user. The role is not theirs to choose."""

    first_name: Name
    last_name: Name
    email: Address
    password: NewPassword


class UpdateBody(Body):
    """What is left out stays as it is."""

    first_name: Name = _LEFT_OUT
    last_name: Name = _LEFT_OUT

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: object) -> object:
        # A null might mean "remove it", and none of these can be removed.
        if value is None:
            raise ValueError("must not be null; leave it out")
        return value


class PasswordBody(Body):
    """The present password and the next."""

    current_password: Password
    new_password: NewPassword


class EmailBody(Body):
    """An e-mail address."""

    email: Address


class ChangeEmailBody(EmailBody):
    """The new address, and the present password."""

    current_password: Password


class TokenBody(Body):
    """A token from a mail."""

    token: Token


class CompleteResetBody(TokenBody):
    """The token from the mail, and the password that is to be."""

    new_password: NewPassword


class Accepted(BaseModel):
    """Says the same whatever is known about the address."""

    detail: str = "If the address is registered, a mail is on its way."


class UserView(BaseModel):
    """A user as shown: no password, no session. `version` is also the ETag."""

    id: str
    first_name: str
    last_name: str
    email: str
    role: str
    is_email_verified: bool
    is_banned: bool
    version: int

    @classmethod
    def of(cls, user: User) -> UserView:
        """What is shown of this user."""
        return cls(
            id=user.id,
            first_name=user.first_name,
            last_name=user.last_name,
            email=user.email.value,
            role=user.role.value,
            is_email_verified=user.is_email_verified,
            is_banned=user.is_banned,
            version=user.version,
        )


class UserPage(BaseModel):
    """Some users. `next_cursor` asks for the next ones; null where there are none."""

    items: list[UserView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[User]) -> UserPage:
        """What is shown of this page."""
        return cls(items=[UserView.of(user) for user in page.items], next_cursor=page.next_cursor)
