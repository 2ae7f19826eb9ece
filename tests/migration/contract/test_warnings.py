"""What a contract that can run is warned of."""

from __future__ import annotations

import pytest

from infrastructure.migration.reading import examine
from tests.migration.contract.documents import Document, changed, plain, v1, v2

LOANS = "tables[0].attributes"


def _warnings(document: Document) -> list[str]:
    contract, warnings = examine(document)
    assert contract is not None
    return [str(each) for each in warnings]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("tables/0/gsis/1/pk", "lent_on", f"{LOANS}.lent_on: lent_on is a date: the index ByRead"),
        (
            "tables/0/attributes/11",
            plain("loan_status", "S", "state"),
            f"{LOANS}.loan_status: loan_status has few values: the index ByStatus can throttle",
        ),
        (
            "tables/0/attributes/11",
            plain(
                "loan_status",
                "S",
                "id",
                transformation={"type": "string-format", "format": "ALL"},
            ),
            f"{LOANS}.loan_status: loan_status is the same in every item: the index ByStatus",
        ),
        (
            "tables/0/attributes/7/join/else_value",
            "clerks.name",
            f"{LOANS}.lent_by.join.else_value: is stored as the text 'clerks.name', and is no",
        ),
        (
            "tables/2/entities/0/pk_template",
            "READERS",
            "tables[2].entities[0].pk_template: PK is the same in every item: a hot partition",
        ),
        (
            "tables/0/satisfies/1",
            "Loans by book id and edition",
            "tables[0].satisfies[1]: 'Loans by book id and edition': no key, index or unique",
        ),
        (
            "tables/0/gsis/1/projected_attributes/1",
            "reader_id",
            "tables[0].gsis[1].projected_attributes: reader_id is of the key",
        ),
        (
            "tables/0/attributes/5/join/join_condition",
            "loans.id > 1",
            f"{LOANS}.reader_name.join: the conditions do not compare readers with a row before",
        ),
    ],
)
def test_what_can_run_but_is_unwise_is_warned_of(path: str, value: object, expected: str) -> None:
    document = changed(v2(), path, value)
    if "ByStatus" in expected:
        changed(document, "tables/0/gsis/2", {"index_name": "ByStatus", "pk": "loan_status"})
    assert any(each.startswith(expected) for each in _warnings(document)), _warnings(document)


def test_many_indexes_that_copy_everything_are_warned_of() -> None:
    indexes = [{"name": f"Index{number}", "pk": "Email"} for number in range(5)]
    assert _warnings(changed(v1(), "0/gsis", indexes))[0].startswith(
        "tables[0].gsis: 6 indexes project ALL: a write costs up to 7 times"
    )


def test_a_contract_that_is_sound_has_no_warning() -> None:
    assert _warnings(v1()) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "Get loan by its reader id",
        "loans BY Reader_Id, sorted by lent_on",
        "Loans by reader id and lent on",
        "Loans by bookId ordered by loan id",
        "Loans by lent at",
    ],
)
def test_a_pattern_that_a_key_serves_is_recognised(pattern: str) -> None:
    document = changed(v2(), "tables/0/satisfies", [pattern])
    assert not any("satisfies" in each for each in _warnings(document))


@pytest.mark.parametrize("pattern", ["AP1", "Search loans", "Loans by the weather", "by"])
def test_a_pattern_that_names_no_attribute_is_said_to_be_unchecked(pattern: str) -> None:
    warnings = _warnings(changed(v2(), "tables/0/satisfies", [pattern]))
    cause = "not checked, as no attribute is named after 'by'"
    assert f"tables[0].satisfies: {cause}: {pattern!r}" in warnings
