"""The table of leases and checkpoints. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from infrastructure.subscriptions.leases import CHECKPOINTS


class CheckpointModel(Model):
    """One subscription: `id` is `{table}#{name}`. Its lease and its checkpoint are one item.

    One conditional write so stores a checkpoint, renews the lease and checks the fencing token,
    and taking the lease reads the checkpoint. `token` counts the grants of the lease, `revision`
    the writes under it; `leaseUntil` and `writtenAt`, when that was written, are in unix
    milliseconds by the owner's clock. `checkpoint` is JSON: an object of texts, in the words of
    what is read.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = CHECKPOINTS

    id = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(attr_name="leaseUntil", null=True)
    written_at = NumberAttribute(attr_name="writtenAt", null=True)
    token = NumberAttribute()
    revision = NumberAttribute()
    checkpoint = UnicodeAttribute(null=True)
