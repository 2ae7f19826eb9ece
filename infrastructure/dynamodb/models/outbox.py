"""The table of the outbox. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from infrastructure.outbox.table import OUTBOX


class OutstandingIndex(GlobalSecondaryIndex["OutboxModel"]):
    """What is not published, by queue and ordering key; sparse, so what is published costs nothing.

    `outstanding` is `pending#3` or `dead#3`, the number being the shard of the ordering key.
    """

    class Meta:
        """Read by PynamoDB."""

        index_name = "outstanding"
        projection = IncludeProjection(["createdAt", "retryCount"])

    outstanding = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class OutboxModel(Model):
    """One message: `pk` is its ordering key, `sk` its id, which sorts within the key.

    `payload` is base64, `headers` JSON. Times are ISO 8601 in UTC, `ttl` is in unix seconds and
    there only once the message is published.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = OUTBOX
        stream_view_type = "NEW_AND_OLD_IMAGES"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    message_type = UnicodeAttribute(attr_name="messageType")
    destination = UnicodeAttribute()
    payload = UnicodeAttribute()
    headers = UnicodeAttribute()
    aggregate_id = UnicodeAttribute(attr_name="aggregateId", null=True)
    aggregate_type = UnicodeAttribute(attr_name="aggregateType", null=True)
    correlation_id = UnicodeAttribute(attr_name="correlationId", null=True)
    causation_id = UnicodeAttribute(attr_name="causationId", null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")
    published_at = UnicodeAttribute(attr_name="publishedAt", null=True)
    is_published = BooleanAttribute(attr_name="isPublished")
    dead_lettered_at = UnicodeAttribute(attr_name="deadLetteredAt", null=True)
    retry_count = NumberAttribute(attr_name="retryCount")
    last_error = UnicodeAttribute(attr_name="lastError", null=True)
    outstanding = UnicodeAttribute(null=True)
    commit_id = UnicodeAttribute(attr_name="commitId")
    ttl = TTLAttribute(null=True)
    outstanding_index = OutstandingIndex()


class KeyHeadModel(Model):
    """The head of one ordering key, beside its messages: `sk` is `!head`, which sorts before them.

    It is a relay's lease and how far the key got. `token` counts the grants of the lease, and how
    often it was freed by hand; `leaseUntil`, `nextAttempt` and `writtenAt` are in unix
    milliseconds, `ttl` in unix seconds. `writtenAt` is when the lease or the pause was written, by
    the clock of the relay that did.
    """

    class Meta:
        """Read by PynamoDB. It goes into the table of the messages."""

        table_name = OUTBOX

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    owner = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(attr_name="leaseUntil", null=True)
    token = NumberAttribute()
    last_message_id = UnicodeAttribute(attr_name="lastMessageId", null=True)
    attempts = NumberAttribute(null=True)
    next_attempt = NumberAttribute(attr_name="nextAttempt", null=True)
    written_at = NumberAttribute(attr_name="writtenAt", null=True)
    ttl = TTLAttribute()
