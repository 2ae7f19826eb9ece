"""What a contract says, whichever of its two dialects it is written in.

Everything in it has a `path`, the place in the document that errors name:
`tables[2].attributes.Email`. SQL stands in it as the contract's author wrote it, one expression
each, checked when the contract is read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from attrs import frozen

AttributeType = Literal["S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"]
Operation = Literal["SUM", "COUNT", "AVG", "MIN", "MAX"]
Projection = Literal["ALL", "KEYS_ONLY", "INCLUDE"]

ENTITY_TYPE = "entity_type"
"""The attribute by which the items of a table of several entities are told apart."""


@frozen
class Columns:
    """Columns of the row itself; several go to the transformation together."""

    names: tuple[str, ...]


@frozen
class Step:
    """One table to look into, and what is taken from the row that matches."""

    table: str
    alias: str
    conditions: tuple[str, ...]
    select: str


@frozen
class Lookup:
    """A value from another table, over one step or a chain of them.

    The contract's joins `self-join`, `foreign-key`, `multi-column`, `conditional`, `chain` and
    `lookup-table`. With a separator the values of all steps are put together, without one the last
    counts. `otherwise` stands where `condition` does not hold, or, without one, where nothing was
    found.
    """

    steps: tuple[Step, ...]
    separator: str | None = None
    condition: str | None = None
    otherwise: str | None = None


@frozen
class Collection:
    """The matching rows of another table as a list of maps, or the first of them as one map.

    The contract's join `json-construction`.
    """

    table: str
    condition: str
    columns: tuple[tuple[str, str], ...]
    """Name in the map, and SQL expression."""
    is_list: bool
    order_by: str | None = None
    limit: int | None = None


@frozen
class Aggregate:
    """One figure over the matching rows of another table."""

    table: str
    condition: str
    operation: Operation
    select: str


@frozen
class Expression:
    """SQL over the columns of the row: the calculations `case`, `concat` and `date-math`."""

    sql: str


@frozen
class Template:
    """Text with `{names}`: of attributes of the same entity, else of columns of its row."""

    text: str


Source = Columns | Lookup | Collection | Aggregate | Expression | Template


class TransformationType(StrEnum):
    """What becomes of a value after it was read."""

    DATE = "date-format"
    STRING = "string-format"
    NUMBER = "number-format"
    JSON = "json-parse"


@frozen
class Transformation:
    """How a value that was read becomes the one that is stored.

    Dates: `format` and `source_format` in the letters of `YYYY-MM-DD HH:mm:ss.SSSSSS`, or `unix`
    (seconds); without a source format the column holds a date. Strings: a template whose `{0}`,
    `{1}` are the columns in order and whose `{name}` is a column. Numbers: digits as in `0.00` or
    `000000`.
    """

    type: TransformationType
    format: str | None = None
    source_format: str | None = None


@frozen
class Attribute:
    """One attribute of an item, and where its value comes from."""

    path: str
    name: str
    type: AttributeType
    source: Source
    transformation: Transformation | None = None


@frozen
class Entity:
    """The items that the rows of one source table become: one item a row."""

    path: str
    name: str
    source_table: str
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name, if there is one."""
        return next((each for each in self.attributes if each.name == name), None)


@frozen
class Index:
    """A global secondary index."""

    path: str
    name: str
    hash_key: str
    range_key: str | None = None
    projection: Projection = "ALL"
    projected: tuple[str, ...] = ()

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the attributes that make the key."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)


@frozen
class Table:
    """A table of the target. Where it has one entity, its items bear no `entity_type`."""

    path: str
    name: str
    hash_key: str
    range_key: str | None
    entities: tuple[Entity, ...]
    indexes: tuple[Index, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    """Attributes of which no two items may have the same values; kept so by claims."""
    satisfies: tuple[str, ...] = ()
    estimated_item_size: int = 0
    """Bytes; 0 where the contract does not say."""
    not_unique: tuple[tuple[str, ...], ...] = ()
    """Attributes that the source keeps unique, and of which the target need not."""

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the attributes that make the key."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)

    @property
    def attribute_names(self) -> frozenset[str]:
        """The names of the attributes of all entities."""
        return frozenset(each.name for entity in self.entities for each in entity.attributes)

    def entity(self, name: str) -> Entity:
        """The entity of this name. Raises `KeyError` if there is none."""
        for each in self.entities:
            if each.name == name:
                return each
        raise KeyError(name)


@frozen
class Contract:
    """All tables of the target."""

    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table of this name. Raises `KeyError` if there is none."""
        for each in self.tables:
            if each.name == name:
                return each
        raise KeyError(name)
