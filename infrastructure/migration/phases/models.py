"""The tables of a move. Names and formats here are stored: never change them."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from infrastructure.dynamodb.schema.table_schema import TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.migration.names import JOURNAL, PHASES


class SwitchModel(Model):
    """A table's switch: `pk` is the contract's name of it.

    `phase`, `previous` (while a step is under way) and `number`, which counts the writes.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = PHASES

    pk = UnicodeAttribute(hash_key=True)


class JournalModel(Model):
    """A key that is being written, or is behind: `pk` is `{table}#{type}#{value}` (and the same).

    `table`, `key` (a map: the item's key), `behind` (a side), `token` of who holds or held it,
    `openedBy` (the token of who put it there), `leaseUntil` (unix milliseconds, while somebody
    holds it), `reason` (why it is behind, for people).
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = JOURNAL

    pk = UnicodeAttribute(hash_key=True)
    token = UnicodeAttribute(null=True)


def phase_schemas(names: TableNames) -> list[TableSchema]:
    """What is expected of the tables of a move."""
    models = {PHASES: SwitchModel, JOURNAL: JournalModel}
    return [TableSchema(model, names.physical(name)) for name, model in models.items()]
