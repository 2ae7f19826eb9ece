"""Models of one table that ask for more or less of it."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model


class PlainLetter(Model):
    """A table without a stream, a time-to-live and an index."""

    class Meta:
        table_name = "letters"

    box = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)


class StreamedLetter(PlainLetter):
    """The same table with a stream and a time-to-live."""

    class Meta:
        table_name = "letters"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    sender = UnicodeAttribute()
    expires = TTLAttribute(attr_name="expiresAt")


class Letters(GlobalSecondaryIndex["Letter"]):
    class Meta:
        index_name = "by_sender"
        projection = KeysOnlyProjection()

    sender = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)


class Letter(StreamedLetter):
    """The same table with everything that a table can be asked for."""

    by_sender = Letters()


class Numbers(GlobalSecondaryIndex["SortedLetter"]):
    class Meta:
        index_name = "by_number"
        projection = AllProjection()

    number = NumberAttribute(hash_key=True)
    sender = UnicodeAttribute(range_key=True)


class SortedLetter(Letter):
    """The same table with one more index."""

    by_number = Numbers()


class OtherLetters(GlobalSecondaryIndex["OtherLetter"]):
    class Meta:
        index_name = "by_sender"
        projection = KeysOnlyProjection()

    sender = UnicodeAttribute(hash_key=True)


class OtherLetter(Model):
    """A table of other keys, types and streams, under the name of the letters."""

    class Meta:
        table_name = "letters"
        stream_view_type = "KEYS_ONLY"

    box = NumberAttribute(hash_key=True)
    sender = UnicodeAttribute()
    gone = TTLAttribute(attr_name="goneAt")
    by_sender = OtherLetters()


class WholeLetters(GlobalSecondaryIndex["WholeLetter"]):
    class Meta:
        index_name = "by_sender"
        projection = AllProjection()

    sender = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)


class WholeLetter(StreamedLetter):
    """The table with another projection of its index."""

    by_sender = WholeLetters()
