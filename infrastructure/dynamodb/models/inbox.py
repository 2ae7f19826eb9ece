"""The table of the inbox. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.models import Model

from infrastructure.outbox.inbox import INBOX


class InboxModel(Model):
    """A message that a consumer has processed: `id` is `{consumer}#{messageId}`.

    A client's request, under its key, also has its fingerprint and the answer to it.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = INBOX

    id = UnicodeAttribute(hash_key=True)
    consumer = UnicodeAttribute()
    message_id = UnicodeAttribute(attr_name="messageId")
    handled_at = UnicodeAttribute(attr_name="handledAt")
    commit_id = UnicodeAttribute(attr_name="commitId")
    ttl = TTLAttribute()
    fingerprint = UnicodeAttribute(null=True)
    answer = BinaryAttribute(null=True, legacy_encoding=False)
