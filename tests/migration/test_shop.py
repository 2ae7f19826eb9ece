"""The sample shop becomes, by either contract, what SQL of its own says of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from infrastructure.migration.contract import ENTITY_TYPE
from infrastructure.migration.conversion.converter import Converter
from infrastructure.migration.reading import read_contract
from infrastructure.migration.rows import RowRejected, SourceRow
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import read_schema
from tests.migration.mariadb import MariaDB
from tests.migration.shop.data import Shop
from tests.migration.shop.database import fill
from tests.migration.shop.expected import CONTRACTS, ExpectedRow, Plain, expected_rows, plain

ROWS = 400


@pytest.fixture(scope="module")
def shop(mariadb: MariaDB) -> Iterator[Engine]:
    url = mariadb.new_database()
    fill(url, ROWS)
    engine = connect(url)
    yield engine
    engine.dispose()


def test_the_same_seed_makes_the_same_shop_and_another_makes_another() -> None:
    tables = Shop(ROWS).counts
    made = {
        seed: {table: list(Shop(ROWS, seed).rows(table)) for table in tables} for seed in (7, 8)
    }
    assert made[7] == {table: list(Shop(ROWS).rows(table)) for table in tables}
    assert made[7] != made[8]


@pytest.mark.engine
@pytest.mark.parametrize("version", CONTRACTS)
def test_each_row_becomes_the_item_or_the_reject_that_sql_says(shop: Engine, version: str) -> None:
    url = shop.url.render_as_string(hide_password=False)
    expected = {identity(each): outcome(each) for each in expected_rows(url, version)}
    found = {identity(each): outcome(each) for each in converted(shop, version)}
    assert {key: value for key, value in found.items() if value != expected[key]} == {}
    assert len(found) == len(expected) > ROWS / 2


@pytest.mark.engine
def test_the_shop_has_rows_to_reject_for_each_kind_of_reason(shop: Engine) -> None:
    url = shop.url.render_as_string(hide_password=False)
    assert {each.reject for each in expected_rows(url)} == {
        *("birth_date", "is_active", "balance", "email", "placed_at", "description", "tag_name"),
        *("meta", "currency_name", None),
    }


@pytest.mark.engine
def test_sql_computes_each_attribute_of_the_contract(shop: Engine) -> None:
    url = shop.url.render_as_string(hide_password=False)
    computed: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in expected_rows(url):
        attributes = {(name, kind) for name, (kind, _) in row.item.items()}
        computed.setdefault((row.table, row.entity), set()).update(attributes)
    wanted = {
        (table.name, entity.name): {(each.name, each.type) for each in entity.attributes}
        | ({(ENTITY_TYPE, "S")} if len(table.entities) > 1 else set())
        for table in read_contract(CONTRACTS["v2"]).tables
        for entity in table.entities
    }
    assert computed == wanted


def identity(row: ExpectedRow) -> tuple[str, str, tuple[object, ...]]:
    return row.table, row.entity, row.key


def outcome(row: ExpectedRow) -> object:
    """The item or the reject, but for those of claims, of which a row alone knows nothing."""
    return row.item if row.reject in {None, "email"} else row.reject


def converted(shop: Engine, version: str) -> Iterator[ExpectedRow]:
    """What our own code makes of the rows, ranges of a few at a time."""
    reader = SourceReader(shop, read_schema(shop))
    for table in read_contract(CONTRACTS[version]).tables:
        for entity in table.entities:
            converter = Converter(table, entity)
            for bounds in reader.plan(entity, 19):
                for row in reader.rows(entity, bounds.after, bounds.up_to):
                    key = tuple(row.key.values())
                    yield ExpectedRow(table.name, entity.name, key, *_result(converter, row))


def _result(converter: Converter, row: SourceRow) -> tuple[str | None, Plain]:
    try:
        return None, plain(converter.to_item(row))
    except RowRejected as rejected:
        return rejected.column, {}
