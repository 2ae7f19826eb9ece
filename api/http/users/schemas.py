"""The bodies of requests about users, and what is shown of a user."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from api.http.body import Body
from domain.repository import Page
from domain.users.user import User


class RegisterBody(Body):
    """A new user. The role is not theirs to choose."""

    first_name: str
    last_name: str
    email: str
    password: str = Field(description="10 to 200 characters.")


class UpdateBody(Body):
    """What is left out stays as it is."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: object) -> object:
        # A null might mean "remove it", and none of these can be removed.
        if value is None:
            raise ValueError("must not be null; leave it out")
        return value


class PasswordBody(Body):
    """The present password and the next."""

    current_password: str
    new_password: str = Field(description="10 to 200 characters.")


class EmailBody(Body):
    """An e-mail address."""

    email: str


class TokenBody(Body):
    """A token from a mail."""

    token: str


class CompleteResetBody(TokenBody):
    """The token from the mail, and the password that is to be."""

    new_password: str = Field(description="10 to 200 characters.")


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
