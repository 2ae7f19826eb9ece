"""The calculations of dialect v2: over other rows, or over columns of the row itself."""

from __future__ import annotations

from typing import Literal

from infrastructure.migration.contract import Aggregate, Expression, Operation, Source
from infrastructure.migration.dialects import sql
from infrastructure.migration.dialects.document import Place
from infrastructure.migration.dialects.joins import other_rows

CalculationType = Literal["aggregate", "case", "concat", "date-math"]
DateOperation = Literal["add", "subtract", "difference"]
Unit = Literal["MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]


def read_calculation(
    calculation: Place, source_table: str, columns: tuple[str, ...]
) -> Source | None:
    """What a calculation over a row, and over these columns of it, gives.

    What is wrong with it is noted.
    """
    match calculation.tag("type", CalculationType):
        case "aggregate":
            return _aggregate(calculation, source_table)
        case "case":
            return _case(calculation)
        case "concat":
            return _concat(calculation, columns)
        case "date-math":
            return _date_math(calculation, columns)
        case _:
            return None


def _aggregate(place: Place, source_table: str) -> Aggregate:
    found = place.fields(["type", "target_table", "join_condition", "operation", "select_column"])
    operation: Operation = found["operation"].choice(Operation) or "COUNT"
    select = found["select_column"].text()
    return Aggregate(
        table=other_rows(found["target_table"], source_table),
        condition=found["join_condition"].text(),
        operation=operation,
        select="1" if (operation, select) == ("COUNT", "*") else select,
    )


def _case(place: Place) -> Expression:
    found = place.fields(["type", "cases"], ["else"])
    branches = [each.fields(["when", "then"]) for each in found["cases"].elements()]
    if found["cases"].value == []:
        found["cases"].wrong("must not be empty")
    texts = [(branch["when"].text(), branch["then"].text()) for branch in branches]
    return Expression(sql.case(texts, found["else"].optional_text()))


def _concat(place: Place, columns: tuple[str, ...]) -> Expression:
    found = place.fields(["type"], ["separator", "expression"])
    if not found["expression"].is_absent:
        return _own_expression(found["expression"], found["separator"])
    if not columns:
        place.wrong("needs a source_column, several, or an expression")
    return Expression(sql.concat(found["separator"].any_text(), columns))


def _date_math(place: Place, columns: tuple[str, ...]) -> Expression | None:
    found = place.fields(["type"], ["operation", "amount", "unit", "other", "expression"])
    words = [found[name] for name in ("operation", "amount", "unit", "other")]
    if not found["expression"].is_absent:
        return _own_expression(found["expression"], *words)
    operation = place.tag("operation", DateOperation)
    unit = place.tag("unit", Unit)
    is_difference = operation == "difference"
    needed, idle = ("other", "amount") if is_difference else ("amount", "other")
    if found[needed].is_absent:
        found[needed].wrong("is missing")
    if not found[idle].is_absent:
        found[idle].wrong(f"has no place in the operation {operation}")
    if len(columns) != 1:
        place.wrong("needs one source_column, or an expression")
        return None
    if is_difference:
        return Expression(sql.difference(columns[0], found["other"].text(), unit))
    amount = found["amount"].whole_number(0)
    return Expression(sql.shifted(columns[0], operation, amount, unit))


def _own_expression(expression: Place, *others: Place) -> Expression:
    for other in others:
        if not other.is_absent:
            other.wrong("has no place beside an expression")
    return Expression(expression.text())
