"""Whatever a document holds: a contract, or all that is wrong with it, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.migration.errors import InvalidContract
from infrastructure.migration.reading import contract_from, read_contract
from infrastructure.migration.rules.checks import check_source
from tests.migration.contract.documents import SCHEMA, Document, v1, v2

_WORDS = [
    *"{}`'.#",
    "{a}",
    "tables",
    "type",
    "name",
    "pk",
    "S",
    "N",
    "id",
    "loans",
    "unix",
    "SET x",
]
_TEXTS = st.sampled_from(_WORDS) | st.text(max_size=6)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def _places(document: Document) -> Iterator[tuple[Document, int | str]]:
    """Each container in a document with each of its keys or numbers."""
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from _places(document[key])


def _read(document: object) -> None:
    with suppress(InvalidContract):
        check_source(contract_from(document), SCHEMA)


@settings(max_examples=100, deadline=None)
@given(document=_JSON)
def test_any_json_is_a_contract_or_invalid(document: object) -> None:
    for shape in (document, [document], {"tables": document}, {"tables": [document]}):
        _read(shape)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_contract_changed_at_one_place_is_a_contract_or_invalid(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from([v1, v2]))()
    places = list(_places(document))
    container, key = places[data.draw(st.integers(0, len(places) - 1))]
    match data.draw(st.sampled_from(["replace", "remove", "add"])):
        case "remove":
            del container[key]
        case "add" if isinstance(container, dict):
            container[data.draw(_TEXTS)] = data.draw(_JSON)
        case _:
            container[key] = data.draw(_JSON)
    _read(document)


@settings(max_examples=50, deadline=None)
@given(cut=st.floats(0, 1), more=st.binary(max_size=3))
def test_any_bytes_are_a_contract_or_invalid(cut: float, more: bytes) -> None:
    content = json.dumps(v1()).encode()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contract.json"
        file.write_bytes(content[: int(len(content) * cut)] + more)
        with suppress(InvalidContract):
            read_contract(file)
