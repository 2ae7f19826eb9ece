"""Ranges of a key as conditions that its index answers."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from infrastructure.migration.tasks import KeyValues


@frozen
class KeyRange:
    """The rows above one key, up to and with another. `None` is no bound."""

    after: KeyValues | None = None
    up_to: KeyValues | None = None


@frozen
class Condition:
    """SQL with `%s` for each of its parameters."""

    sql: str
    parameters: tuple[object, ...] = ()


def within(key: Sequence[str], bounds: KeyRange) -> Condition:
    """What rows of the range meet. `key` is the SQL of its columns."""
    found = [
        _beyond(key, values, sign)
        for values, sign in ((bounds.after, ">"), (bounds.up_to, "<"))
        if values is not None
    ]
    sql = " AND ".join(each.sql for each in found) or "TRUE"
    return Condition(sql, tuple(value for each in found for value in each.parameters))


def _beyond(key: Sequence[str], values: KeyValues, sign: str) -> Condition:
    """`a > x OR (a = x AND b > y)`, and `a >= x`, by which the index is found; below with `y`."""
    or_equal = "=" if sign == "<" else ""
    ends = [sign] * (len(key) - 1) + [sign + or_equal]
    cases = [
        " AND ".join([*(f"{column} = %s" for column in key[:at]), f"{key[at]} {ends[at]} %s"])
        for at in range(len(key))
    ]
    if len(key) == 1:
        return Condition(cases[0], (values[0],))
    parameters = [value for at in range(len(key)) for value in values[: at + 1]]
    every = " OR ".join(f"({case})" for case in cases)
    return Condition(f"{key[0]} {sign}= %s AND ({every})", (values[0], *parameters))
