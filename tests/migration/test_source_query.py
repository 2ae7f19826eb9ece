"""The SELECT that an entity becomes: one for each kind of source, without a server."""

import pytest

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    Collection,
    Columns,
    Entity,
    Expression,
    Lookup,
    Source,
    Step,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.query import select_rows
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable


def table(name: str, key: str, unique: tuple[str, ...] = (), /, **columns: str) -> SourceTable:
    return SourceTable(
        name,
        tuple(SourceColumn(each, kind, nullable=each != key) for each, kind in columns.items()),
        (key,),
        tuple((each,) for each in unique),
    )


SCHEMA = SourceSchema(
    {
        "orders": table("orders", "id", id="int(11)", user_id="int(11)", note="text", rate="float"),
        "users": table(
            "users",
            "id",
            ("email",),
            id="int(11)",
            email="varchar(90)",
            name="varchar(90)",
            boss_id="int(11)",
            city_id="int(11)",
        ),
        "cities": table("cities", "id", id="int(11)", name="text", code="varchar(3)"),
        "items": table(
            "items",
            "id",
            id="int(11)",
            order_id="int(11)",
            price="decimal(40,10)",
            at="datetime",
            picture="blob",
        ),
    }
)


def entity(*sources: Source, table: str = "orders", template: str | None = None) -> Entity:
    formatted = Transformation(TransformationType.STRING, template) if template else None
    attributes = tuple(
        Attribute(f"tables[0].attributes.a{number}", f"a{number}", "S", source, formatted)
        for number, source in enumerate(sources)
    )
    return Entity("tables[0]", "e", table, attributes)


def selected(source: Source, table: str = "orders") -> tuple[str, ...]:
    """What is selected beside the key, which is always `id`."""
    return select_rows(entity(source, table=table), SCHEMA).selected[1:]


def step(table: str, condition: str, select: str, alias: str | None = None) -> Step:
    return Step(table, alias or table, (condition,), select)


USER = step("users", "users.id = orders.user_id", "users.name")
CITY = step("cities", "cities.id = users.city_id", "cities.name")
FROM_USER = "FROM `users` AS `users` WHERE (`users`.`id` = `orders`.`user_id`)"


def test_columns_are_read_once_each_with_the_key_first() -> None:
    query = select_rows(entity(Columns(("note",)), Columns(("note", "id"))), SCHEMA)
    assert query.sql == "SELECT `orders`.`id`, `orders`.`note` FROM `orders`"


def test_a_foreign_key_is_one_subquery() -> None:
    assert selected(Lookup((USER,))) == (f"(SELECT `users`.`name` {FROM_USER})",)


def test_a_self_join_has_the_alias_of_the_contract() -> None:
    boss = step("users", "boss.id = users.boss_id", "boss.name", alias="boss")
    assert selected(Lookup((boss,), otherwise="ROOT"), table="users") == (
        "(SELECT `boss`.`name` FROM `users` AS `boss` WHERE (`boss`.`id` = `users`.`boss_id`))",
    )


def test_without_an_alias_the_left_side_of_an_equation_is_the_row_that_is_looked_for() -> None:
    boss = step("users", "users.id = users.boss_id", "users.name")
    assert selected(Lookup((boss,)), table="users") == (
        (
            "(SELECT `users found`.`name` FROM `users` AS `users found`"
            " WHERE (`users found`.`id` = `users`.`boss_id`))"
        ),
    )


def test_matches_are_counted_where_several_rows_may_meet_the_conditions() -> None:
    found = "FROM `cities` AS `cities` WHERE (`cities`.`code` = `orders`.`note`)"
    city = step("cities", "cities.code = orders.note", "cities.name")
    query = select_rows(entity(Lookup((city,))), SCHEMA)
    assert query.selected[1:] == (
        f"(SELECT COUNT(*) {found})",
        f"(SELECT `cities`.`name` {found} LIMIT 1)",
    )
    assert [each.name for each in query.matches] == ["a0"]


@pytest.mark.parametrize(
    ("conditions", "is_one"),
    [
        (("users.id = orders.user_id",), True),
        (("orders.user_id = users.id AND users.name = 'x'",), True),
        (("(users.email = orders.note)",), True),
        (("users.email = 'a@b'",), True),
        (("users.id = 7",), True),
        (("users.name = orders.note",), False),
        (("users.id = users.boss_id",), False),
        (("users.id = orders.user_id OR users.id = 1",), False),
        (("users.id = orders.note",), False),
        (("users.email = orders.user_id",), False),
        (("users.id + 0 = orders.user_id",), False),
        (("users.id >= orders.user_id",), False),
    ],
)
def test_one_row_is_found_where_a_unique_key_is_fixed(
    conditions: tuple[str, ...], is_one: bool
) -> None:
    lookup = Lookup((Step("users", "users", conditions, "users.name"),))
    assert (select_rows(entity(lookup), SCHEMA).matches == ()) == is_one


def test_a_condition_is_read_of_its_own_so_that_otherwise_keeps_types_apart() -> None:
    lookup = Lookup((USER,), condition="orders.user_id > 0", otherwise="Anonymous")
    assert selected(lookup) == (
        "(`orders`.`user_id` > 0) IS TRUE",
        f"CASE WHEN `orders`.`user_id` > 0 THEN (SELECT `users`.`name` {FROM_USER}) END",
    )


def test_a_chain_gives_what_its_last_step_finds() -> None:
    assert selected(Lookup((USER, CITY))) == (
        (
            "(SELECT `cities`.`name` FROM `users` AS `users`"
            " JOIN `cities` AS `cities` ON (`cities`.`id` = `users`.`city_id`)"
            " WHERE (`users`.`id` = `orders`.`user_id`))"
        ),
    )


def test_a_chain_with_a_separator_puts_together_what_its_steps_find() -> None:
    assert selected(Lookup((USER, CITY), separator=" > ")) == (
        (
            "(SELECT CONCAT_WS(' > ', `users`.`name`, `cities`.`name`) FROM `users` AS `users`"
            " LEFT JOIN `cities` AS `cities` ON (`cities`.`id` = `users`.`city_id`)"
            " WHERE (`users`.`id` = `orders`.`user_id`))"
        ),
    )


def test_an_aggregate_is_a_figure_over_the_rows_that_match() -> None:
    source = Aggregate("items", "items.order_id = orders.id", "SUM", "items.price * 2")
    assert selected(source) == (
        (
            "(SELECT SUM(`items`.`price` * 2) FROM `items` AS `items`"
            " WHERE (`items`.`order_id` = `orders`.`id`))"
        ),
    )


def test_rows_can_be_counted_whatever_they_hold() -> None:
    source = Aggregate("items", "items.order_id = orders.id", "COUNT", "1")
    assert selected(source)[0].startswith("(SELECT COUNT(1) FROM `items`")


def test_a_list_is_in_the_order_of_the_contract_and_then_of_the_key() -> None:
    source = Collection(
        "items",
        "items.order_id = orders.id",
        (("it's", "items.price"), ("day", "DATE(at)")),
        is_list=True,
        order_by="items.price DESC",
    )
    assert selected(source) == (
        (
            "(SELECT GROUP_CONCAT(JSON_OBJECT('it''s', `items`.`price`, 'day', DATE(`items`.`at`))"
            " ORDER BY `items`.`price` DESC, `items`.`id` SEPARATOR ',') FROM `items` AS `items`"
            " WHERE (`items`.`order_id` = `orders`.`id`))"
        ),
        "@@group_concat_max_len",
    )


def test_one_map_is_the_first_in_that_order() -> None:
    source = Collection("items", "items.order_id = orders.id", (("p", "price"),), is_list=False)
    assert selected(source)[0] == (
        "(SELECT JSON_OBJECT('p', `items`.`price`) FROM `items` AS `items`"
        " WHERE (`items`.`order_id` = `orders`.`id`) ORDER BY `items`.`id` LIMIT 1)"
    )


def test_an_expression_is_over_the_row() -> None:
    assert selected(Expression("CASE WHEN note = 'x' THEN 'y' END")) == (
        "CASE WHEN `orders`.`note` = 'x' THEN 'y' END",
    )


def test_columns_that_templates_name_are_read_beside_the_attributes() -> None:
    query = select_rows(entity(Template("ORDER#{id}#{a1}"), Columns(("note",))), SCHEMA)
    assert ([each.name for each in query.values], [each.name for each in query.columns]) == (
        ["a1"],
        ["id"],
    )


def test_columns_that_formats_name_are_read_even_where_an_attribute_has_that_name() -> None:
    query = select_rows(entity(Columns(("note",)), template="{0}-{user_id}"), SCHEMA)
    assert [each.name for each in query.columns] == ["user_id"]


def test_percent_signs_are_doubled_for_the_driver() -> None:
    query = select_rows(entity(Expression("note LIKE 'a%'")), SCHEMA)
    assert query.sql.endswith("`orders`.`note` LIKE 'a%%' FROM `orders`")


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (Columns(("nil",)), "there is no column nil in orders"),
        (Template("{nil}"), "there is no column nil in orders"),
        (Expression("users.id"), "no table users is in reach, only orders"),
        (Expression("nil + 1"), "there is no column nil in orders"),
        (Expression("SLEEP(1)"), "SLEEP, a function with an effect, is not allowed: 'SLEEP(1)'"),
        (Aggregate("nil", "TRUE", "COUNT", "1"), "the source has no table nil"),
        (Aggregate("items", "TRUE", "SUM", "*"), "'*' is not allowed: '*'"),
        (Lookup((USER, USER)), "two steps are called users"),
        (
            Collection("items", "TRUE", (("p", "items.picture"),), is_list=True),
            "picture is binary, which JSON cannot hold",
        ),
    ],
)
def test_what_the_source_does_not_have_is_told_with_its_path(source: Source, cause: str) -> None:
    with pytest.raises(SourceMismatch) as raised:
        select_rows(entity(source), SCHEMA)
    assert str(raised.value) == f"tables[0].attributes.a0: {cause}"


def test_a_table_that_is_missing_is_told_with_the_path_of_the_entity() -> None:
    with pytest.raises(SourceMismatch, match=r"^tables\[0\]: the source has no table nil$"):
        select_rows(entity(table="nil"), SCHEMA)
