"""A JSON document, read place by place: what is wrong is noted, and reading goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from attrs import frozen

from infrastructure.limits import is_text
from infrastructure.migration.errors import Problem, nearest

_ABSENT = object()
_JSON_NAMES = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}


class JsonObject(dict[str, object]):
    """A JSON object that remembers which of its keys were there twice."""

    repeated: frozenset[str] = frozenset()


def parse_json(text: str) -> object:
    """The document of a JSON text. Raises `ValueError` with the cause."""
    try:
        document: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    return document


def _object(pairs: list[tuple[str, object]]) -> JsonObject:
    found = JsonObject(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.repeated = frozenset(name for name in names if names.count(name) > 1)
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _can_be_stored(text: str) -> bool:
    return is_text(text) and "\0" not in text


@frozen
class Place:
    """A value in the document, its path, and where to note what is wrong with it.

    An absent value reads as an empty one: that it should be there was noted already.
    """

    value: object
    path: str
    problems: list[Problem]

    @property
    def is_absent(self) -> bool:
        """Whether nothing is there. `null` counts as nothing."""
        return self.value is _ABSENT or self.value is None

    def wrong(self, cause: str) -> None:
        """Notes an error here."""
        self.problems.append(Problem(self.path, cause))

    def warn(self, cause: str) -> None:
        """Notes a warning here."""
        self.problems.append(Problem(self.path, cause, is_warning=True))

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Place]:
        """The places of an object's keys, all that are asked for. Notes unknown ones."""
        members = self.members()
        asked = [*required, *optional]
        for name, place in members.items():
            if name not in asked:
                place.wrong("unknown key" + nearest(name, set(asked) - set(members)))
        found = {name: members.get(name) or self.child(name, _ABSENT) for name in asked}
        if isinstance(self.value, Mapping):
            for name in required:
                if found[name].is_absent:
                    found[name].wrong("is missing")
        return found

    def members(self) -> dict[str, Place]:
        """The places of an object's keys, whatever they are."""
        if not isinstance(self.value, Mapping):
            self._expect("an object")
            return {}
        repeated: frozenset[str] = getattr(self.value, "repeated", frozenset())
        places = {str(name): self.child(str(name), each) for name, each in self.value.items()}
        for name, place in places.items():
            if name in repeated:
                place.wrong("is there twice")
            if not _can_be_stored(name):
                place.wrong("its name has characters that cannot be stored")
        return places

    def child(self, name: str, value: object) -> Place:
        """The place of a key of this object."""
        shown = name if name.isprintable() and is_text(name) else json.dumps(name)
        return Place(value, f"{self.path}.{shown}".lstrip("."), self.problems)

    def has(self, name: str) -> bool:
        """Whether this is an object with such a key."""
        return isinstance(self.value, Mapping) and name in self.value

    def elements(self) -> list[Place]:
        """The places of an array's elements."""
        if not isinstance(self.value, list):
            self._expect("an array")
            return []
        return [
            Place(each, f"{self.path}[{number}]", self.problems)
            for number, each in enumerate(self.value)
        ]

    def text(self) -> str:
        """A text that is not empty; empty where there is none."""
        found = self.any_text()
        if found == "" and self.value == "":
            self.wrong("must not be empty")
        return found

    def any_text(self) -> str:
        """A text, which may be empty."""
        if not isinstance(self.value, str):
            self._expect("a text")
            return ""
        if not _can_be_stored(self.value):
            self.wrong("has characters that cannot be stored")
            return ""
        return self.value

    def literal(self) -> str | None:
        """A value that stands in for one that is not found: a text, or a number as text."""
        if self.is_absent:
            return None
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            return str(self.value)
        return self.any_text()

    def optional_text(self) -> str | None:
        """A text that is not empty, or none."""
        return None if self.is_absent else self.text()

    def texts(self) -> tuple[str, ...]:
        """One text, or an array of at least one; empty where there is none."""
        if isinstance(self.value, str):
            return (self.text(),)
        if isinstance(self.value, list) and self.value:
            return tuple(each.required_text() for each in self.elements())
        if self.value == []:
            self.wrong("must not be empty")
        else:
            self._expect("a text or an array of texts")
        return ()

    def required_text(self) -> str:
        """A text where `null` is no answer either."""
        if self.is_absent:
            self.wrong("must be a text, not null")
        return self.text()

    def tag(self, name: str, literal: object) -> Any:
        """One of a `Literal`'s texts at this key, which says what the other keys may be."""
        if not isinstance(self.value, Mapping):
            self._expect("an object")
            return ""
        place = self.child(name, self.value.get(name, _ABSENT))
        if place.is_absent:
            place.wrong("is missing")
        return place.choice(literal)

    def choice(self, literal: object) -> Any:
        """One of a `Literal`'s texts; empty where it is none of them."""
        allowed = get_args(literal)
        if self.is_absent or self.value in allowed:
            return "" if self.is_absent else self.value
        shown = self.value if isinstance(self.value, str) else ""
        self.wrong(f"must be one of {', '.join(allowed)}" + nearest(shown, allowed))
        return ""

    def whole_number(self, least: int) -> int:
        """A whole number, `least` or more; `least` where there is none."""
        number = self.value
        if self.is_absent:
            return least
        # True is a number to Python; 5.0 is a whole one to JSON.
        if type(number) is float and number.is_integer():
            number = int(number)
        if type(number) is int and number >= least:
            return number
        self.wrong(f"must be a whole number, {least} or more")
        return least

    def flag(self) -> bool:
        """True or false; false where there is none."""
        if not self.is_absent and not isinstance(self.value, bool):
            self._expect("true or false")
        return self.value is True

    def _expect(self, what: str) -> None:
        if not self.is_absent:
            found = (name for kind, name in _JSON_NAMES.items() if isinstance(self.value, kind))
            self.wrong(f"must be {what}, not {next(found, 'a number')}")
