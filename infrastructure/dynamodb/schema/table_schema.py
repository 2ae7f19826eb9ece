"""What a model asks of its table, and how an existing table differs from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from attrs import frozen
from pynamodb.models import Model

Description = Mapping[str, Any]
"""A table as `DescribeTable` describes it."""


@frozen
class Capacity:
    """How a new table is billed. Units count only where it is provisioned."""

    mode: Literal["on_demand", "provisioned"] = "on_demand"
    read_units: int = 5
    write_units: int = 5

    def request(self) -> dict[str, Any]:
        """The capacity of a table or an index, as `CreateTable` takes it."""
        if self.mode == "on_demand":
            return {}
        units = {"ReadCapacityUnits": self.read_units, "WriteCapacityUnits": self.write_units}
        return {"ProvisionedThroughput": units}


class TableSchema:
    """The table of one model, under its physical name."""

    def __init__(self, model: type[Model], name: str) -> None:
        self.name = name
        # PynamoDB offers the schema only to its own table creation, which would go past the
        # gateway and take the table's name from the class.
        self._schema: Any = model._get_schema()  # noqa: SLF001 see above
        ttl = model._ttl_attribute()  # noqa: SLF001 likewise
        self.ttl_attribute: str | None = None if ttl is None else ttl.attr_name
        self.stream_view: str | None = getattr(model.Meta, "stream_view_type", None)

    @property
    def index_names(self) -> list[str]:
        """The names of its indexes."""
        return [index["IndexName"] for index in self._indexes()]

    def creation(self, capacity: Capacity) -> dict[str, Any]:
        """The request of `CreateTable`."""
        on_demand = capacity.mode == "on_demand"
        request: dict[str, Any] = {
            "TableName": self.name,
            "AttributeDefinitions": self._schema["attribute_definitions"],
            "KeySchema": _hash_first(self._schema["key_schema"]),
            "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
            **capacity.request(),
        }
        indexes = [{**index, **capacity.request()} for index in self._indexes()]
        if indexes:
            request["GlobalSecondaryIndexes"] = indexes
        if self.stream_view is not None:
            request["StreamSpecification"] = self.stream_specification()
        return request

    @property
    def key_types(self) -> dict[str, str]:
        """The type of each attribute of the primary key by its name, the partition key first."""
        types = _types(self._schema["attribute_definitions"])
        keys = _hash_first(self._schema["key_schema"])
        return {name: types[name] for name in (key["AttributeName"] for key in keys)}

    def stream_specification(self) -> dict[str, Any]:
        """The stream that the model asks for."""
        return {"StreamEnabled": True, "StreamViewType": self.stream_view}

    def drift(self, table: Description, ttl: Description) -> Iterator[str]:
        """How a table differs, in words. `ttl` is its time-to-live description."""
        if _keys(table["KeySchema"]) != _keys(self._schema["key_schema"]):
            yield f"keys are {_keys(table['KeySchema'])}"
        yield from self._attribute_drift(table)
        yield from self._index_drift(table)
        if self.lacks_stream(table):
            yield f"no stream of {self.stream_view}"
        if self.lacks_ttl(ttl):
            yield f"no time-to-live on {self.ttl_attribute}"

    def unusable(self, table: Description) -> list[str]:
        """The indexes that cannot be read as the model's, in words."""
        faults = (_fault(index, _indexes_of(table)) for index in self._indexes())
        return [fault for fault in faults if fault is not None]

    def missing_indexes(self, table: Description) -> list[str]:
        """The names of the indexes that the model has and the table has not."""
        present = _indexes_of(table)
        return [name for i in self._indexes() if (name := i["IndexName"]) not in present]

    def addition(self, name: str, capacity: Capacity) -> dict[str, Any]:
        """The request of `UpdateTable` that adds this index."""
        (index,) = (index for index in self._indexes() if index["IndexName"] == name)
        # Attributes that no key has are refused, those of another missing index among them.
        used = {key["AttributeName"] for key in (*self._schema["key_schema"], *index["KeySchema"])}
        definitions = self._schema["attribute_definitions"]
        return {
            "TableName": self.name,
            "AttributeDefinitions": [d for d in definitions if d["AttributeName"] in used],
            "GlobalSecondaryIndexUpdates": [{"Create": {**index, **capacity.request()}}],
        }

    def lacks_stream(self, table: Description) -> bool:
        """Whether the model asks for a stream that the table does not have."""
        if self.stream_view is None:
            return False
        present = table.get("StreamSpecification", {})
        return bool(
            not present.get("StreamEnabled") or present.get("StreamViewType") != self.stream_view
        )

    def lacks_ttl(self, ttl: Description) -> bool:
        """Whether the model asks for a time-to-live that the table does not have."""
        if self.ttl_attribute is None:
            return False
        on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return not on or ttl.get("AttributeName") != self.ttl_attribute

    def _attribute_drift(self, table: Description) -> Iterator[str]:
        present = _types(table["AttributeDefinitions"])
        for name, kind in _types(self._schema["attribute_definitions"]).items():
            if present.get(name, kind) != kind:
                yield f"attribute {name} is of type {present[name]}, not {kind}"

    def _index_drift(self, table: Description) -> Iterator[str]:
        present = _indexes_of(table)
        for index in self._indexes():
            name = index["IndexName"]
            fault = _fault(index, present)
            if fault is not None:
                yield fault
            elif _projection(present[name]) != _projection(index):
                yield f"index {name} projects {present[name]['Projection']}"

    def _indexes(self) -> list[dict[str, Any]]:
        return [
            {
                "IndexName": index["index_name"],
                "KeySchema": _hash_first(index["key_schema"]),
                "Projection": index["projection"],
            }
            for index in self._schema["global_secondary_indexes"]
        ]


def indexes_at_work(table: Description) -> list[str]:
    """What becomes of the indexes that are made or deleted just now, in words."""
    return [
        f"index {name} is {_AT_WORK[status]}"
        for name, index in _indexes_of(table).items()
        if (status := index["IndexStatus"]) in _AT_WORK
    ]


_AT_WORK = {"CREATING": "being filled", "DELETING": "being deleted"}
"""The states in which an index is not read. Source: API reference."""


def _fault(index: Mapping[str, Any], present: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why an index cannot be read, given those that there are by name."""
    name = index["IndexName"]
    if name not in present:
        return f"index {name} is missing"
    if (status := present[name]["IndexStatus"]) in _AT_WORK:
        return f"index {name} is {_AT_WORK[status]}"
    keys = _keys(present[name]["KeySchema"])
    return None if keys == _keys(index["KeySchema"]) else f"index {name} has keys {keys}"


def _indexes_of(table: Description) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}


def _hash_first(key_schema: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(key_schema, key=lambda key: key["KeyType"])


def _keys(key_schema: list[dict[str, str]]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in key_schema}


def _types(definitions: list[dict[str, str]]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in definitions}


def _projection(index: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    projection = index["Projection"]
    return projection["ProjectionType"], frozenset(projection.get("NonKeyAttributes", ()))
