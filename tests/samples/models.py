"""The table of people. In a module of its own: the memory provider does without PynamoDB."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, MapAttribute, UnicodeAttribute

from infrastructure.dynamodb.models.base import AggregateModel, ListedModel


class BadgeAttribute(MapAttribute[str, str]):
    """The badge inside a person."""

    id = UnicodeAttribute()
    code = UnicodeAttribute()
    previous_code = UnicodeAttribute(attr_name="previousCode", null=True)
    issued_at = UnicodeAttribute(attr_name="issuedAt")
    expires_at = UnicodeAttribute(attr_name="expiresAt")


class UnlistedPersonModel(AggregateModel):
    """A person's item where people are not listed."""

    class Meta:
        """Read by PynamoDB."""

        table_name = "people"

    first_name = UnicodeAttribute(attr_name="firstName")
    last_name = UnicodeAttribute(attr_name="lastName")
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    is_email_verified = BooleanAttribute(attr_name="isEmailVerified")
    is_banned = BooleanAttribute(attr_name="isBanned")
    badge = BadgeAttribute(null=True)  # type: ignore[no-untyped-call]  # as in PynamoDB


class PersonModel(UnlistedPersonModel, ListedModel):
    """A person's item."""

    class Meta:
        """Read by PynamoDB."""

        table_name = "people"
