"""JSON of the source: numbers exact, and nothing in it dropped without a word."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn

from infrastructure.migration.unfit import Unfit, shown

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|\s+', re.DOTALL)


def parse(text: str) -> object:
    """What a JSON text says, numbers as `int` and `Decimal`.

    Raises `Unfit` for text that is no JSON, NaN and the infinities, and a name that comes twice.
    """
    try:
        return _DECODER.decode(text)
    except Unfit:
        raise
    except RecursionError as error:
        raise Unfit("is JSON that is nested too deeply") from error
    except ValueError as error:
        raise Unfit(f"is no JSON: {shown(text)}") from error


def compact(text: str) -> str:
    """The same JSON text without white space between its parts. Raises `Unfit` as `parse` does."""
    parse(text)
    return _TOKENS.sub(lambda token: token[0] if token[0][0] == '"' else "", text)


def elements(text: str) -> list[str]:
    """The elements of a JSON array, each as its text. Raises `Unfit` where it is none."""
    if not isinstance(parse(text), list):
        raise Unfit(f"is no JSON array: {shown(text)}")
    found: list[str] = []
    start = _skip(text, _skip(text, 0) + 1)
    while text[start] != "]":
        _, end = _DECODER.raw_decode(text, start)
        found.append(text[start:end])
        start = _skip(text, end)
        start = _skip(text, start + 1) if text[start] == "," else start
    return found


def first_element(text: str) -> str | None:
    """The first element of a JSON array as its text, whatever follows it; None of an empty one."""
    start = _skip(text, _skip(text, 0) + 1)
    if text[start : start + 1] == "]":
        return None
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise Unfit(f"is no JSON: {shown(text)}") from error
    return text[start:end]


def render(value: object) -> str:
    """The compact JSON text of a value of `str`, `int`, `Decimal`, `bool`, `None`, list, dict."""
    match value:
        case list():
            return "[" + ",".join(map(render, value)) + "]"
        case dict():
            return "{" + ",".join(f"{render(k)}:{render(v)}" for k, v in value.items()) + "}"
        case Decimal():
            return format(value, "f")
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            raise Unfit(f"holds {type(value).__name__}, which JSON has not")


def _skip(text: str, start: int) -> int:
    while text[start : start + 1] in {" ", "\t", "\n", "\r"}:
        start += 1
    return start


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit(f"is JSON with the name {shown(twice)} twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"is JSON with {name}, which is no number")


_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
)
