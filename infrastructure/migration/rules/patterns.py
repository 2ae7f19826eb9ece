"""Access patterns: each one served by a key, an index, or what is unique.

They are free text, of which the names after "by" are understood: `Orders by customer id, sorted by
date`. Names are compared without case, spaces and underscores, with attributes and their columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Table,
    Template,
    TransformationType,
)
from infrastructure.migration.dialects.keys import COMPOSITE
from infrastructure.migration.errors import Problem
from infrastructure.migration.rules.keys import attributes_named
from infrastructure.migration.templates import placeholders

_BY = re.compile(r"\b(?P<sorted>(?:sort|order)(?:ed)?\s+)?by\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[_#.-][^\W_]+)*|,|\+|&")
_FILLERS = frozenset(
    ["a", "an", "the", "its", "their", "his", "her", "given", "each", "one", "this", "exact"]
)
_JOINERS = frozenset(["and", "then", "with", ",", "+", "&"])
_MAX_WORDS = 4


def check_patterns(table: Table) -> Iterator[Problem]:
    """Patterns that no key serves, and a warning of those that are not understood."""
    known, served = _words(table, table.attribute_names), _words(table, _served_names(table))
    not_understood = []
    for number, pattern in enumerate(table.satisfies):
        clauses = [(is_order, names) for is_order, names in _clauses(pattern, known) if names]
        if not clauses:
            not_understood.append(pattern)
        for is_order, names in clauses:
            for place, name in enumerate(names):
                if _normal(name) not in served:
                    path = f"{table.path}.satisfies[{number}]"
                    cause = f"{pattern!r}: no key, index or unique serves {name}"
                    # Only what is looked for first needs a key; the rest may be filtered.
                    yield Problem(path, cause, is_warning=is_order or place > 0)
    if not_understood:
        yield Problem(f"{table.path}.satisfies", _unknown(not_understood), is_warning=True)


def _clauses(pattern: str, known: set[str]) -> Iterator[tuple[bool, list[str]]]:
    starts = list(_BY.finditer(pattern))
    ends = [*(each.start() for each in starts[1:]), len(pattern)]
    for start, end in zip(starts, ends, strict=False):
        words = _WORD.findall(pattern[start.end() : end])
        yield start["sorted"] is not None, list(_attributes(words, known))


def _attributes(words: list[str], known: set[str]) -> Iterator[str]:
    """The names at the start of the words, one after the other."""
    while words:
        words = _without(words, _FILLERS)
        count = _longest(words, known)
        if not count:
            return
        yield " ".join(words[:count])
        rest = words[count:]
        words = _without(rest, _JOINERS)
        if len(words) == len(rest):
            return


def _without(words: list[str], some: frozenset[str]) -> list[str]:
    while words and words[0].lower() in some:
        words = words[1:]
    return words


def _longest(words: Sequence[str], known: set[str]) -> int:
    end = next((place for place, word in enumerate(words) if word.lower() in _JOINERS), _MAX_WORDS)
    counts = range(min(end, _MAX_WORDS, len(words)), 0, -1)
    return next((count for count in counts if _normal("".join(words[:count])) in known), 0)


def _words(table: Table, names: Set[str]) -> set[str]:
    """How people may call these attributes."""
    found = {*names, *(part for name in names for part in name.split(COMPOSITE))}
    for entity in table.entities:
        for attribute in entity.attributes:
            if attribute.name in names:
                found.update(_made_of(attribute))
    return {_normal(name) for name in found} - {""}


def _made_of(attribute: Attribute) -> Iterator[str]:
    source, transformation = attribute.source, attribute.transformation
    if isinstance(source, Columns):
        yield from source.names
    if isinstance(source, Template):
        yield from placeholders(source.text)
    if transformation is not None and transformation.type is TransformationType.STRING:
        yield from placeholders(transformation.format or "")


def _served_names(table: Table) -> set[str]:
    keys = [*table.key_names, *(name for index in table.indexes for name in index.key_names)]
    sources = [each.source for name in keys for each in attributes_named(table, name)]
    templates = [source.text for source in sources if isinstance(source, Template)]
    made_of = (name for text in templates for name in placeholders(text))
    return {*keys, *made_of, *(name for names in table.unique for name in names)}


def _normal(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _unknown(patterns: Sequence[str]) -> str:
    shown = ", ".join(map(repr, patterns[:3]))
    more = f" and {len(patterns) - 3} more" if len(patterns) > 3 else ""
    return f"not checked, as no attribute is named after 'by': {shown}{more}"
