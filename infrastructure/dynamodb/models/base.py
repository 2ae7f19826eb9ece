"""What all tables of state-stored aggregates share. Names and key formats here are stored."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

COMMITS = "commits"
"""Attribute with the ids of the last commits of an item, newest first. Stored."""

CLAIMS = "heldClaims"
"""Attribute with the keys of the claims that an aggregate holds. Stored."""

VERSION = "version"
"""Attribute with the number of commits of an aggregate. Stored."""


class AggregateModel(Model):
    """An aggregate's item. Subclasses add `Meta.table_name` and one attribute a field."""

    id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(attr_name=VERSION)
    commits: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, attr_name=COMMITS)
    held_claims: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, attr_name=CLAIMS)


class Listing(GlobalSecondaryIndex["ListedModel"]):
    """All ids in order. Its keys never change, so saving an aggregate does not write to it."""

    class Meta:
        """Read by PynamoDB."""

        index_name = "listing"
        projection = KeysOnlyProjection()

    list_shard = UnicodeAttribute(hash_key=True, attr_name="listShard")
    id = UnicodeAttribute(range_key=True)


class ListedModel(AggregateModel):
    """An aggregate that can be listed. `listShard` is `USER#0` for shard 0 of the users."""

    list_shard = UnicodeAttribute(attr_name="listShard")
    listing = Listing()


class ClaimModel(Model):
    """A claim on a unique value, beside the aggregates of its table: `CLAIM#email#ada@…`."""

    class Meta:
        """Read by PynamoDB. The claim goes into the table that its action names."""

        table_name = "claims"

    id = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute()
    commits: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, attr_name=COMMITS)
