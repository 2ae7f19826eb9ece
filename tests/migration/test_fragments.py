"""The SQL of contracts is one harmless expression each, and is written again as such."""

import pytest

from infrastructure.migration.fragments import columns_of, parse, parse_order, render


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("comment", "`comment`"),
        ("users.id = users.id", "`users`.`id` = `users`.`id`"),
        ("name REGEXP '^a'", "`name` REGEXP '^a'"),
        ("x->>'$.a'", "JSON_UNQUOTE(JSON_EXTRACT(`x`, '$.a'))"),
        ("a LIKE 'b%' /* why */ -- so", "`a` LIKE 'b%'"),
        ("'a\\'b'", "'a''b'"),
        ("DATE_ADD(d, INTERVAL 30 DAY)", "DATE_ADD(`d`, INTERVAL '30' DAY)"),
        ("CONCAT_WS(' ', a, b)", "CONCAT_WS(' ', `a`, `b`)"),
        ("CASE WHEN s = 'P' THEN 1 END", "CASE WHEN `s` = 'P' THEN 1 END"),
        ("`we``ird`", "`we``ird`"),
        ("UNIX_TIMESTAMP(a)", "UNIX_TIMESTAMP(`a`)"),
    ],
)
def test_an_expression_is_written_with_its_identifiers_quoted(sql: str, written: str) -> None:
    assert render(parse(sql)) == written


@pytest.mark.parametrize(
    ("sql", "cause"),
    [
        ("", "not one SQL expression"),
        ("a; DROP TABLE b", "not one SQL expression"),
        ("a; b", "not one SQL expression"),
        ("DROP TABLE b", "not one SQL expression"),
        ("a b c", "not one SQL expression"),
        ("a = 1, b", "not one SQL expression"),
        ("a AS b", "not one SQL expression"),
        ("order.select", "not one SQL expression: 'order.select'; names with a blank, and words"),
        ("(SELECT 1)", "a subquery is not allowed"),
        ("SELECT 1", "not one SQL expression"),
        ("a IN (SELECT 1)", "a subquery is not allowed"),
        ("EXISTS(SELECT 1)", "a subquery is not allowed"),
        ("@x", "a variable is not allowed"),
        ("@@datadir", "a variable is not allowed"),
        ("f(a := 1)", "an assignment is not allowed"),
        (":x", "a placeholder is not allowed"),
        ("?", "a placeholder is not allowed"),
        ("*", "'\\*' is not allowed"),
        ("SUM(a)", "an aggregate over rows is not allowed"),
        ("ROW_NUMBER() OVER (ORDER BY a)", "a window over rows is not allowed"),
        ("other.f(1)", "a function of a database is not allowed"),
        ("other.t.a", "a column of another database is not allowed"),
        ("LOAD_FILE('x')", "LOAD_FILE, a function with an effect, is not allowed"),
        ("a + sleep(9)", "SLEEP, a function with an effect, is not allowed"),
        ("DATEDIFF(NOW(), a)", "NOW, which gives another value at each reading"),
        ("CURDATE()", "CURRENT_DATE, which gives another value at each reading"),
        ("UNIX_TIMESTAMP()", "UNIX_TIMESTAMP, which gives another value at each reading"),
        ("MASTER_GTID_WAIT('x', 9)", "MASTER_GTID_WAIT, a function with an effect, is not"),
        ("SESSION_USER()", "SESSION_USER, which gives another value at each reading"),
        ("SYS_GUID()", "SYS_GUID, which gives another value at each reading"),
        ("RANDOM_BYTES(3)", "RANDOM_BYTES, which gives another value at each reading"),
        ("rand()", "RAND, which gives another value at each reading"),
    ],
)
def test_what_is_more_or_less_than_one_harmless_expression_is_refused(sql: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        parse(sql)


def test_a_name_that_looks_like_sql_stays_a_name() -> None:
    assert render(parse("`a) UNION SELECT 1 -- `")) == "`a) UNION SELECT 1 -- `"


def test_an_order_is_several_expressions_with_directions() -> None:
    assert render(parse_order("reviews.at DESC, id")) == "ORDER BY `reviews`.`at` DESC, `id`"


def test_an_order_is_refused_where_an_expression_would_be() -> None:
    with pytest.raises(ValueError, match="a subquery is not allowed"):
        parse_order("(SELECT 1)")


def test_the_columns_are_told_once_each_with_their_tables() -> None:
    assert columns_of(parse("a.x = b.y AND a.x > z")) == (("a", "x"), ("b", "y"), (None, "z"))
