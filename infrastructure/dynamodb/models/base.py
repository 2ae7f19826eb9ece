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


def listing_by(attribute: str) -> GlobalSecondaryIndex[Any]:
    """The index by which aggregates are listed that have one value of an attribute.

    The attribute goes by its stored name, and is of text. In a model it is called `by_` and the
    field. Saving writes to it only where the value changes.
    """

    class ListingBy(GlobalSecondaryIndex[Any]):
        class Meta:
            """Read by PynamoDB."""

            index_name = f"by_{attribute}"
            projection = KeysOnlyProjection()

        value = UnicodeAttribute(hash_key=True, attr_name=attribute)
        id = UnicodeAttribute(range_key=True)

    return ListingBy()


def index_by(model: type[AggregateModel], field: str) -> tuple[str, str]:
    """The name of the index that lists by a field, and of the attribute that it is over.

    Raises `TypeError` where the model has none.
    """
    index, attribute = getattr(model, f"by_{field}", None), model.get_attributes()[field]
    name = f"by_{attribute.attr_name}"
    if index is None or index.Meta.index_name != name or attribute.attr_type != "S":
        raise TypeError(
            f"{model.__name__} needs a text {field} and "
            f"by_{field} = listing_by({attribute.attr_name!r})"
        )
    return name, attribute.attr_name


class ClaimModel(Model):
    """A claim on a unique value, beside the aggregates of its table: `CLAIM#email#ada@…`."""

    class Meta:
        """Read by PynamoDB. The claim goes into the table that its action names."""

        table_name = "claims"

    id = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute()
    commits: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, attr_name=COMMITS)
