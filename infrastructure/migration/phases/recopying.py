"""What a comparison has found is copied once more, key by key, beside the running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from attrs import evolve

from infrastructure.dynamodb.items import key_text
from infrastructure.migration.phases.move import REFUSED, Move
from infrastructure.migration.verification.difference import Difference

_WORKERS = 4


def recopy(moves: Mapping[str, Move], differences: Sequence[Difference]) -> list[Difference]:
    """Copies each key of these differences under its entry. `moves` are the tables by name.

    Gives the differences that were there while nobody wrote the key; those that are there still
    with the `reason`.
    """
    keys: dict[tuple[str, str], list[Difference]] = {}
    for each in differences:
        keys.setdefault((each.table, key_text(each.place)), []).append(each)
    with ThreadPoolExecutor(_WORKERS) as pool:
        return [*chain.from_iterable(pool.map(lambda some: _recopy(moves, some), keys.values()))]


def _recopy(moves: Mapping[str, Move], differences: list[Difference]) -> list[Difference]:
    [first, *_] = differences
    claims = {each.claim for each in differences if each.claim}
    try:
        was_different = moves[first.table].recopy(first.place, claims)
    except REFUSED as error:
        return [evolve(each, reason=str(error)) for each in differences]
    return differences if was_different else []
