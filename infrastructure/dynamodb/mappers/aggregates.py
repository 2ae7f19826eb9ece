"""Between an aggregate's state and its item, derived from the aggregate and the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from attrs import fields, has, resolve_types
from pynamodb.attributes import ListAttribute, MapAttribute
from pynamodb.exceptions import AttributeDeserializationError

from application.errors import UnreadableState
from infrastructure.aggregates.aggregate_type import AggregateType, State
from infrastructure.dynamodb.items import Item, holding
from infrastructure.dynamodb.mappers.reading import reader_of
from infrastructure.dynamodb.models.base import COMMITS, VERSION, AggregateModel, ListedModel
from infrastructure.serialization import is_single_value

_BOOKKEEPING = {"commits", "held_claims", "list_shard"}


class Mapper:
    """Maps one aggregate type to its model by the names of attributes."""

    def __init__(self, aggregate_type: AggregateType[Any], model: type[AggregateModel]) -> None:
        """Raises `TypeError` that names the attributes where class and model differ."""
        self._type = aggregate_type
        self.model = model
        self.is_listed = issubclass(model, ListedModel)
        _check(aggregate_type.cls, model, aggregate_type.name, _BOOKKEEPING)
        self._read = reader_of(model)

    def to_model(
        self,
        state: State,
        *,
        commits: tuple[str, ...],
        claims: frozenset[str],
        list_shard: str | None,
    ) -> AggregateModel:
        """The item to store."""
        values = {**state, "commits": list(commits), "held_claims": sorted(claims)}
        if self.is_listed:
            values["list_shard"] = list_shard
        return holding(self.model, values)

    def to_state(self, item: Item) -> State:
        """The state that an item holds.

        Raises `UnreadableState` for attributes of other types, and for an item that no commit
        wrote.
        """
        identity = str(item.get("id", {}).get("S"))
        for name in (VERSION, COMMITS):
            if name not in item:
                raise UnreadableState(self._type.name, identity, f"required field missing: {name}")
        try:
            values = self._read(item)
        except (AttributeDeserializationError, ValueError, TypeError) as error:
            raise UnreadableState(self._type.name, identity, str(error)) from error
        # What is left out has a default in the class, or the item is unreadable.
        return {name: value for name, value in values.items() if name not in _BOOKKEEPING}


def _check(cls: type[Any], container: Any, path: str, extra: set[str]) -> None:
    """Compares the fields of a class with the attributes of a model, maps and lists included."""
    attributes: Mapping[str, Any] = container.get_attributes()
    stored = {field.name: field for field in fields(resolve_types(cls)) if field.init}
    if taken := stored.keys() & extra:
        raise TypeError(f"{path} has attributes that its item needs for itself: {sorted(taken)}")
    missing, surplus = stored.keys() - attributes.keys(), attributes.keys() - stored.keys() - extra
    if missing or surplus:
        raise TypeError(
            f"{path} and {container.__name__} differ: "
            f"not in the model: {sorted(missing)}, only in the model: {sorted(surplus)}"
        )
    for name, field in stored.items():
        member, attribute = _member(field.type), attributes[name]
        if member is not None:
            nested = attribute.element_type if isinstance(attribute, ListAttribute) else attribute
            nested_class = nested if isinstance(nested, type) else type(nested)
            _check_nested(member, nested_class, f"{path}.{name}")


def _check_nested(member: type[Any], attribute: type[Any], path: str) -> None:
    if not issubclass(attribute, MapAttribute):
        raise TypeError(f"{path} is a {member.__name__}: its attribute must be a MapAttribute")
    if not attribute.is_raw():
        _check(member, attribute, path, set())


def _member(annotation: Any) -> type[Any] | None:
    """The attrs class that is stored as a map inside a field of this type, if there is one."""
    if get_origin(annotation) in (Union, UnionType, list, tuple):
        members = (_member(argument) for argument in get_args(annotation))
        return next((member for member in members if member is not None), None)
    is_map = isinstance(annotation, type) and has(annotation) and not is_single_value(annotation)
    return annotation if is_map else None
