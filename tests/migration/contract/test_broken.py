"""Broken contracts: each gives one error, with its path and its cause."""

from __future__ import annotations

import pytest

from infrastructure.migration.errors import InvalidContract
from infrastructure.migration.reading import contract_from
from tests.migration.contract.documents import Document, changed, plain, v1, v2

FIRST_ENTRY = "tables[0].attributes"
LOANS = "tables[0].attributes"
SHELVES = "tables[1].attributes"

BROKEN_V1 = [
    ("0/attributes/BranchName/join", ..., f"{FIRST_ENTRY}.BranchName.join: is missing: the value"),
    (
        "0/attributes/BranchName/justification",
        ...,
        f"{FIRST_ENTRY}.BranchName.justification: is missing: say why",
    ),
    (
        "0/attributes/BranchName/join/localcolumn",
        "x",
        f"{FIRST_ENTRY}.BranchName.join.localcolumn: unknown key",
    ),
    ("0/attributes/Email/type", "BOOL", f"{FIRST_ENTRY}.Email.type: must be one of S, N, B"),
    ("0/attributes/Email/type", "n", f"{FIRST_ENTRY}.Email.type: must be one of S, N, B; did you"),
    ("0/attributes/Email/source_column", ..., f"{FIRST_ENTRY}.Email.source_column: is missing"),
    ("0/attributes/Email/colour", 1, f"{FIRST_ENTRY}.Email.colour: unknown key"),
    ("0/pk", "ReaderID", "tables[0].pk: ReaderID is no attribute; did you mean ReaderId?"),
    ("0/pk", ["ReaderId"], "tables[0].pk: must be a text, not an array"),
    ("0/type", "Tabel", "tables[0].type: must be one of Table, GSI; did you mean Table?"),
    ("0/gsis/0/name", ..., "tables[0].gsis[0].index_name: is missing"),
    ("0/gsis/0/pk", "Mail", "tables[0].gsis[0].pk: Mail is no attribute; did you mean Email?"),
    ("0/gsi", [], "tables[0].gsi: unknown key"),
    ("0/unique", ["Phone"], "tables[0].unique[0]: Phone is no attribute"),
    ("0/not_unique", ["Email"], "tables[0].not_unique[0]: Email stands in unique as well"),
    ("0/satisfies/0", "Reader by branch name", "tables[0].satisfies[0]: 'Reader by branch name'"),
    ("0/estimated_item_size_bytes", 500_000, "tables[0].estimated_item_size_bytes: 500000: an"),
    ("0/estimated_item_size_bytes", -1, "tables[0].estimated_item_size_bytes: must be a whole"),
    ("0/table", "R?", "tables[0].table: 'R?' must have 3 to 255 characters"),
    (
        "1/attributes/FullName/source_column",
        "name",
        "tables[1].attributes.FullName: differs from tables[0].attributes.FullName",
    ),
    ("1/table", "ByEmail", "tables[1]: tables[0].gsis[0] is the index ByEmail already"),
    ("1/gsis", [{"name": "Other", "pk": "Email"}], "tables[1].gsis: an index has no indexes"),
    ("1", 7, "tables[1]: must be an object, not a number"),
]

BROKEN_V2 = [
    ("tables/0/pk", "reader", "tables[0].pk: reader is no attribute; did you mean reader_id?"),
    ("tables/0/sk", "lent_at#loan_id", "tables[0].sk: lent_at#loan_id: its part lent_at is no"),
    ("tables/0/sk", "reader_id", "tables[0].sk: reader_id is the pk already"),
    ("tables/0/type", "single", "tables[0].type: must be one of single-entity, multi-entity"),
    ("tables/0/type", ..., "tables[0].type: is missing"),
    ("tables/0/pk_template", "LOAN#{id}", "tables[0].pk_template: is of the entities of a multi-"),
    ("tables/1/table", "Loans", "tables[1]: tables[0] is the table Loans already"),
    ("tables/0/gsis/1/index_name", "ByBook", "tables[0].gsis[1]: tables[0].gsis[0] is the index"),
    (
        "tables/0/gsis/1/projected_attributes/0",
        "shelfpath",
        "tables[0].gsis[1].projected_attributes[0]: shelfpath is no attribute; did you mean",
    ),
    (
        "tables/0/gsis/1/projected_attributes",
        ...,
        "tables[0].gsis[1].projected_attributes: is missing",
    ),
    (
        "tables/0/gsis/1/projection",
        "ALL",
        "tables[0].gsis[1].projected_attributes: has no place in a projection of ALL",
    ),
    (
        "tables/0/gsis",
        [{"index_name": f"Index{number}", "pk": "book_id"} for number in range(21)],
        "tables[0].gsis: 21 indexes: a table has at most 20",
    ),
    ("tables/0/attributes/0/type", "BOOL", f"{LOANS}.reader_id: is of type BOOL: a key is S, N"),
    ("tables/0/attributes/0/type", "Z", f"{LOANS}.reader_id.type: must be one of S, N, B, SS"),
    ("tables/0/attributes/0/name", ..., "tables[0].attributes[0].name: is missing"),
    ("tables/0/attributes/4/name", "edition", f"{LOANS}.edition: the entity has edition twice"),
    ("tables/0/attributes/0/source_column", [], f"{LOANS}.reader_id.source_column: must not be"),
    (
        "tables/0/attributes/0/source_column",
        ["id", "reader_id"],
        f"{LOANS}.reader_id.source_column: are several",
    ),
    (
        "tables/0/attributes/2/source_table",
        "books",
        f"{LOANS}.book_id.source_table: is books, and the rows are of loans",
    ),
    ("tables/0/attributes/5/justification", ..., f"{LOANS}.reader_name.justification: is missing"),
    ("tables/0/attributes/5/join", ..., f"{LOANS}.reader_name.join: is missing: the value is"),
    ("tables/0/attributes/5/join/type", "foreign", f"{LOANS}.reader_name.join.type: must be one"),
    (
        "tables/0/attributes/5/join/join_condition",
        "raeders.id = loans.reader_id",
        f"{LOANS}.reader_name.join: raeders in 'raeders.id = loans.reader_id' is none of the",
    ),
    (
        "tables/0/attributes/5/join/join_condition",
        "readers.id = (SELECT 1)",
        f"{LOANS}.reader_name.join: a subquery is not allowed",
    ),
    (
        "tables/0/attributes/5/join/select_column",
        "full_name; DROP TABLE loans",
        f"{LOANS}.reader_name.join: not one SQL expression",
    ),
    (
        "tables/0/attributes/7/join/condition",
        "clerks.id > 0",
        f"{LOANS}.lent_by.join.condition: clerks in 'clerks.id > 0' is none of the tables in",
    ),
    ("tables/0/attributes/8/join/joins", [], f"{LOANS}.shelf_path.join.joins: must not be empty"),
    (
        "tables/0/attributes/8/join/joins/2",
        {
            "target_table": "books",
            "join_condition": "books.shelf_id = shelves.id",
            "select_column": "books.title",
        },
        f"{LOANS}.shelf_path.join.joins[2].target_table: the chain comes to books again",
    ),
    (
        "tables/0/attributes/8/join/joins/0/join_condition",
        "books.shelf_id = shelves.id",
        f"{LOANS}.shelf_path.join.joins[0]: shelves in 'books.shelf_id = shelves.id' is none",
    ),
    (
        "tables/0/attributes/9/calculation/amount",
        ...,
        f"{LOANS}.due_on.calculation.amount: is missing",
    ),
    (
        "tables/0/attributes/9/calculation/unit",
        "DAYS",
        f"{LOANS}.due_on.calculation.unit: must be one of",
    ),
    (
        "tables/0/attributes/10/calculation/cases/0/when",
        "state = ",
        f"{LOANS}.state_label.calculation: not one SQL expression",
    ),
    (
        "tables/0/attributes/3/transformation/format",
        "year-month",
        f"{LOANS}.lent_on.transformation.format: 'year-month' has none of YYYY",
    ),
    (
        "tables/0/attributes/4/transformation/format",
        "%06d",
        f"{LOANS}.number.transformation.format: '%06d' is no format of digits",
    ),
    ("tables/0/attributes/4/type", "M", f"{LOANS}.number.transformation: number-format gives S"),
    ("tables/1/attributes/3/type", "M", f"{SHELVES}.newest_books.join: gives L or S, not the type"),
    (
        "tables/1/attributes/3/join/construction/limit",
        "5",
        f"{SHELVES}.newest_books.join.construction.limit: must be a whole number",
    ),
    (
        "tables/1/attributes/3/join/construction/select_columns",
        {},
        f"{SHELVES}.newest_books.join.construction.select_columns: must not be empty",
    ),
    (
        "tables/1/attributes/4/calculation/operation",
        "MEDIAN",
        f"{SHELVES}.pages.calculation.operation: must be one of SUM",
    ),
    ("tables/1/attributes/4/type", "BOOL", f"{SHELVES}.pages.calculation: gives N or S, not the"),
    ("tables/1/attributes/1/join/alias", "p", f"{SHELVES}.parent_name.join.alias: unknown key"),
    (
        "tables/2/entities/0/pk_template",
        ...,
        "tables[2].entities[0]: has neither the key attribute PK nor a pk_template for it",
    ),
    (
        "tables/2/entities/0/sk_template",
        "{SK}",
        "tables[2].entities[0].sk_template: is made of itself: SK -> SK",
    ),
    (
        "tables/2/entities/0/pk_template",
        "READER#{reader_id",
        "tables[2].entities[0].pk_template: has a brace without its counterpart",
    ),
    (
        "tables/2/entities/1/attributes/0/type",
        "N",
        "tables[2].entities[1].attributes.SK: is of type N, but S in",
    ),
    (
        "tables/2/entities/1/attributes/0/transformation/format",
        "FINE#{1}",
        "tables[2].entities[1].attributes.SK.transformation.format: {1} has no value",
    ),
    (
        "tables/2/entities/1/entity_type",
        "READER",
        "tables[2].entities[1]: tables[2].entities[0] is the entity READER already",
    ),
    ("tables/2/gsis/0/pk", "GSI2PK", "tables[2].gsis[0].pk: GSI2PK is no attribute; did you mean"),
    ("tables/2/unique", [["email", "cents"]], "tables[2].unique[0]: no entity has email and"),
    ("tables", [], "contract: names no table"),
    ("tables", {}, "tables: must be an array, not an object"),
    ("table", [], "table: unknown key"),
]


def _problems(document: Document) -> tuple[str, ...]:
    with pytest.raises(InvalidContract) as caught:
        contract_from(document)
    return caught.value.problems


@pytest.mark.parametrize(("path", "value", "expected"), BROKEN_V1)
def test_a_break_in_v1_is_one_error_with_path_and_cause(
    path: str, value: object, expected: str
) -> None:
    (problem,) = _problems(changed(v1(), path, value))
    assert problem.startswith(expected)


@pytest.mark.parametrize(("path", "value", "expected"), BROKEN_V2)
def test_a_break_in_v2_is_one_error_with_path_and_cause(
    path: str, value: object, expected: str
) -> None:
    (problem,) = _problems(changed(v2(), path, value))
    assert problem.startswith(expected)


def test_all_breaks_are_told_at_once() -> None:
    document = changed(changed(v2(), "tables/0/pk", 1), "tables/1/attributes/0/type", "X")
    assert len(_problems(document)) == 2


def test_an_index_entry_without_its_table_is_refused() -> None:
    entry = {**v1()[1], "source_table": "rooms", "attributes": {}}
    assert _problems(changed(v1(), "1", entry)) == (
        "tables[1].source_table: no entry of type Table comes from rooms",
    )


def test_an_index_entry_of_two_tables_is_refused() -> None:
    document = changed(v1(), "2", {**v1()[0], "table": "Cards"})
    (problem,) = _problems(document)
    assert problem == (
        "tables[1].source_table: Readers and Cards both come from readers: "
        "write the index into the gsis of one"
    )


def test_templates_that_go_in_a_circle_are_refused() -> None:
    document = changed(v2(), "tables/2/entities/0/pk_template", "{SK}")
    problems = _problems(changed(document, "tables/2/entities/0/sk_template", "{PK}"))
    assert problems == (
        "tables[2].entities[0].pk_template: is made of itself: PK -> SK -> PK",
        "tables[2].entities[0].sk_template: is made of itself: SK -> PK -> SK",
    )


def test_a_join_beside_a_calculation_is_refused() -> None:
    attribute = {**v2()["tables"][0]["attributes"][5], "calculation": {"type": "concat"}}
    assert _problems(changed(v2(), "tables/0/attributes/5", attribute)) == (
        f"{LOANS}.reader_name.calculation: stands beside a join: an attribute has one of both",
    )


def test_the_attribute_that_tells_entities_apart_cannot_be_listed() -> None:
    attribute = plain("entity_type", "S", "email")
    (problem,) = _problems(changed(v2(), "tables/2/entities/0/attributes/3", attribute))
    path = "tables[2].entities[0].attributes.entity_type"
    assert problem == f"{path}: is the name of what tells the entities apart"


@pytest.mark.parametrize("document", [None, 7, "tables", True, {}, {"entries": []}])
def test_what_is_no_contract_at_all_is_told_so(document: object) -> None:
    assert _problems(document) == (
        "contract: must be an object with `tables`, or an array of entries",
    )
