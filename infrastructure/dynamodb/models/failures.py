"""The table of failed attempts. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.models import Model

from infrastructure.system.failure_windows import FAILURES


class FailureModel(Model):
    """The failures in one window. `id` is a digest of what they count for; `ttl` ends the window.

    An item may outlive its window: the next failure starts the next one in its place.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = FAILURES

    id = UnicodeAttribute(hash_key=True)
    failures = NumberAttribute()
    ttl = TTLAttribute()
