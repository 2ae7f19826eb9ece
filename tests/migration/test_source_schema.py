"""By which columns the rows of a source table are told apart."""

from infrastructure.migration.source.schema import SourceColumn, SourceTable

ID = SourceColumn("id", "bigint(20) unsigned", nullable=False)
CODE = SourceColumn("code", "varchar(10)", nullable=False)
EMAIL = SourceColumn("email", "varchar(90)", nullable=True)
WEIGHT = SourceColumn("weight", "float", nullable=False)


def test_the_primary_key_counts_before_any_other() -> None:
    table = SourceTable("t", (ID, CODE), ("id",), (("code",),))
    assert table.row_key == ("id",)


def test_without_it_a_unique_index_that_is_never_null_serves() -> None:
    table = SourceTable("t", (ID, EMAIL, CODE), (), (("email",), ("id", "code")))
    assert table.row_key == ("id", "code")


def test_a_float_tells_no_rows() -> None:
    assert SourceTable("t", (WEIGHT,), ("weight",)).row_key == ()


def test_a_table_may_have_no_key() -> None:
    assert SourceTable("t", (ID, EMAIL), (), (("email",),)).row_key == ()


def test_columns_are_found_in_upper_and_lower_case() -> None:
    assert SourceTable("t", (ID, EMAIL), ()).column("EMail") == EMAIL


def test_the_kind_is_the_type_without_its_details() -> None:
    assert (ID.kind, SourceColumn("s", "enum('a,b','c')", nullable=True).kind) == ("bigint", "enum")


def test_the_order_of_rows_is_told_with_types_and_collations() -> None:
    code = SourceColumn("code", "char(3)", nullable=False, collation="ascii_bin")
    assert (
        SourceTable("t", (ID, code), ("code", "id")).order
        == "code char(3) ascii_bin, id bigint(20) unsigned"
    )
    assert SourceTable("t", (ID,), ()).order == "nothing"
