"""Templates are read in one way, wherever a contract has them."""

from __future__ import annotations

import pytest

from infrastructure.migration.contract import Attribute, TransformationType
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.rules.values import check_values
from infrastructure.migration.source.query import select_rows
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable
from infrastructure.migration.templates import placeholders, position, template
from tests.migration.items.making import changed, entity, row, table, templated

OPEN, NO_NAME = "has a brace without its counterpart", "has a placeholder that is no name"
ODD = {
    "{": OPEN,
    "}": OPEN,
    "{a": OPEN,
    "a}": OPEN,
    "}a{": OPEN,
    "{{a}}": OPEN,
    "{{}}": OPEN,
    "{a{b}c}": OPEN,
    "{}": NO_NAME,
    "{ }": NO_NAME,
    "{a:b}": NO_NAME,
    "{0:05d}": NO_NAME,
    "{:b}": NO_NAME,
    "{a!r}": NO_NAME,
}
"""Texts that are no templates, each with the cause."""


def formatted(text: str) -> Attribute:
    return changed("id", TransformationType.STRING, text)


@pytest.mark.parametrize(("text", "cause"), ODD.items())
def test_a_text_that_is_no_template_is_refused_with_its_cause(text: str, cause: str) -> None:
    for read in (template, placeholders):
        with pytest.raises(ValueError, match=cause) as raised:
            read(text)
        assert str(raised.value) == f"{cause}: {text!r}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("CONSTANT", ()),
        ("{a}", ("a",)),
        ("{a}{b}", ("a", "b")),
        ("{b}#{a}#{b}", ("b", "a")),
        ("{0}-{1}", ("0", "1")),
        ("{a.b}[{c[0]}]", ("a.b", "c[0]")),
        ("100% {größe} \\{a b}", ("größe", "a b")),
    ],
)
def test_placeholders_are_the_names_in_braces_each_once(text: str, names: tuple[str, ...]) -> None:
    assert placeholders(text) == names
    assert str(template(text)) == text
    assert template(text).render(lambda name: f"{{{name}}}") == text


@pytest.mark.parametrize(
    ("name", "place"),
    [("0", 0), ("12", 12), ("007", 7), ("a", None), ("-1", None), ("1.0", None)],
)
def test_digits_are_a_position_and_all_else_is_a_column(name: str, place: int | None) -> None:
    assert position(name) == place


@pytest.mark.parametrize("name", ["²", "٣", " 1", "1_0"])
def test_what_only_looks_like_digits_is_a_column(name: str) -> None:
    assert position(name) is None


@pytest.mark.parametrize(
    "odd", [made for text in ODD for made in (formatted(text), templated("id", text))]
)
def test_the_check_the_query_and_the_conversion_refuse_the_same(odd: Attribute) -> None:
    whole = table(entity(odd))
    [problem] = check_values(whole.entities[0])
    for use in (
        lambda: select_rows(whole.entities[0], _schema("id")),
        lambda: to_item(whole, whole.entities[0], row({"id": "7"})),
    ):
        with pytest.raises(ValueError, match="has a") as raised:
            use()
        assert str(raised.value).endswith(problem.cause)


@pytest.mark.parametrize(
    ("made", "columns", "item"),
    [
        (formatted("CONSTANT"), {}, "CONSTANT"),
        (formatted("{0}/{0}"), {}, "7/7"),
        (formatted("{id}"), {"id": "7"}, "7"),
        (formatted("{²}"), {"²": "two"}, "two"),
        (formatted("{a.b}%"), {"a.b": "dotted"}, "dotted%"),
        (templated("id", "U#{²}"), {"²": "two"}, "U#two"),
        (templated("id", "{0}"), {"0": "a column of that name"}, "a column of that name"),
    ],
)
def test_the_query_reads_the_columns_that_the_conversion_needs(
    made: Attribute, columns: dict[str, object], item: str
) -> None:
    whole = table(entity(made))
    query = select_rows(whole.entities[0], _schema("id", "²", "a.b", "0"))
    assert {cell.name for cell in query.columns} == columns.keys()
    found = to_item(whole, whole.entities[0], row({"id": "7"}, **columns))
    assert found["id"] == {"S": item}


def _schema(*columns: str) -> SourceSchema:
    found = tuple(SourceColumn(name, "varchar(9)", nullable=False) for name in columns)
    return SourceSchema({"users": SourceTable("users", found, (columns[0],))})
