"""The table of users. Names here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, MapAttribute, UnicodeAttribute

from infrastructure.dynamodb.models.base import ListedModel


class SessionAttribute(MapAttribute[str, str]):
    """The session inside a user."""

    id = UnicodeAttribute()
    token_hash = UnicodeAttribute(attr_name="tokenHash")
    previous_token_hash = UnicodeAttribute(attr_name="previousTokenHash", null=True)
    rotated_at = UnicodeAttribute(attr_name="rotatedAt")
    expires_at = UnicodeAttribute(attr_name="expiresAt")


class UserModel(ListedModel):
    """A user's item."""

    class Meta:
        """Read by PynamoDB."""

        table_name = "users"

    first_name = UnicodeAttribute(attr_name="firstName")
    last_name = UnicodeAttribute(attr_name="lastName")
    email = UnicodeAttribute()
    password_hash = UnicodeAttribute(attr_name="passwordHash")
    role = UnicodeAttribute()
    is_email_verified = BooleanAttribute(attr_name="isEmailVerified")
    is_banned = BooleanAttribute(attr_name="isBanned")
    session = SessionAttribute(null=True)  # type: ignore[no-untyped-call]  # as in PynamoDB
