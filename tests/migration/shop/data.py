"""The rows of the sample shop: any number, the same for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

Row = tuple[object, ...]

SHARES: Mapping[str, int] = {
    "categories": 1,
    "customers": 12,
    "addresses": 10,
    "products": 8,
    "product_variants": 8,
    "tags": 1,
    "product_tags": 8,
    "orders": 14,
    "order_items": 24,
    "reviews": 8,
    "payments": 6,
}
"""Rows of each table in a hundred of the shop; `currencies` has a few."""

_EVERY = 40  # one row in so many has what makes it a reject
_NAMES = ("Ada", "Zoë", "José", "Łukasz", "李", "Βασίλης", "O'Brien", 'Q"uote', "back\\slash", "😀")
_WORDS = (
    "Tee",
    "Käse",
    "100% Wolle",
    "_under_",
    "Öl",
    "Brot\nzwei",
    "Schuh",
    "日本酒",
    "",
    "Tab\t",
)
_TAGS = ("new", "sale", "été", "vegan", "小", "b-stock", "eco", "gift")
_START = datetime(2015, 1, 1, tzinfo=UTC)
_HUGE = 420_000  # bytes of a description: more than an item may have


class Shop:
    """Makes rows by table. `rows` is how many there are in all, more or less."""

    def __init__(self, rows: int, seed: int = 7) -> None:
        self._seed = seed
        self.counts = {name: max(2, rows * share // 100) for name, share in SHARES.items()}

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table, in the order of its columns."""
        random = Random(f"{self._seed} {table}")
        if table == "currencies":
            # The code of the euro is there twice.
            yield from (("EUR", "Euro"), ("USD", "US dollar"), ("CHF", "Franken"), ("XEU", "ECU"))
            yield ("XEU", "European currency unit")
            return
        make = _MAKERS[table]
        for number in range(self.counts[table]):
            yield make(self, random, number)

    def customer(self, random: Random) -> int:
        """A customer's id."""
        return random.randrange(self.counts["customers"]) + 1

    def order(self, random: Random) -> int:
        """An order's id."""
        return random.randrange(self.counts["orders"]) + 1

    def product(self, random: Random) -> str:
        """A product's sku."""
        return sku(random.randrange(self.counts["products"]))


def sku(number: int) -> str:
    """Of several lengths, and with letters whose upper and lower case differ."""
    return f"{'aBcD'[number % 4]}-{number * 37 % 1000}-{number}"


def _is_bad(number: int, kind: int, every: int = _EVERY) -> bool:
    return number % every == every // 2 + kind


def _category(_: Shop, random: Random, number: int) -> Row:
    parent = None if number % 7 == 0 else random.randrange(number) + 1
    name = "" if _is_bad(number, 0) else f"{_WORDS[number % 8]} {number}"
    return (number + 1, 99_999_999 if number % 50 == 13 else parent, name)


def _customer(_: Shop, random: Random, number: int) -> Row:
    born: object = date(1940, 1, 1) + timedelta(days=random.randrange(25_000))
    email = f"{'Mail' if number % 3 else 'mail'}{number}@example.com"
    balance = Decimal(f"{random.randrange(-(10**33), 10**33)}E-5")
    active: int = random.randrange(2)
    if _is_bad(number, 0):
        born = ("0000-00-00", "1970-00-01", "1970-01-00")[number % 3]
    if _is_bad(number, 1):
        other = number - number % 3 - 9 if number % 3 else 0
        email = f"mail{other}@example.com"
    if _is_bad(number, 2):
        active = 2
    if _is_bad(number, 3):
        balance = Decimal(f"1{0:029}.{number:09}1")
    return (
        number + 1,
        email,
        None if number % 8 == 3 else random.choice(_NAMES),
        random.choice(_NAMES),
        None if number % 9 == 0 else born,
        active,
        None if number % 11 == 0 else random.randrange(2),
        random.choice((None, "", "mail", "mail,phone", "mail,phone,post", "post")),
        random.choice(("bronze", "silver", "gold")),
        None if number % 13 == 0 else _moment(random),
        _settings(random, number),
        random.choice((None, b"", random.randbytes(20), b"\x00\xff'\\\"%")),
        balance,
        random.choice((None, 0.1, -1e-7, 12345.678, 3.0)),
        random.choice((None, "20200229", "19991231")),
        random.choice((None, 0, 1_600_000_000, 4_294_967_295)),
    )


def _settings(random: Random, number: int) -> str | None:
    if number % 4 == 0:
        return None
    found = {"theme": random.choice(_WORDS), "n": number / 4, "on": True, "l": [1, None, "x", {}]}
    return json.dumps(found, ensure_ascii=number % 2 == 0)


def _address(shop: Shop, random: Random, number: int) -> Row:
    return (
        f"{'aBé'[number % 3]}{number:07}",
        shop.customer(random),
        random.choice((None, "home", "work")),
        f"{random.choice(_NAMES)}-Straße {number}",
        random.choice(("", "01234", "W1 4ÄB")),
        random.choice(("Zürich", "東京", "Łódź", "")),
    )


def _product(shop: Shop, random: Random, number: int) -> Row:
    text = random.choice((None, "", "So it is.\n", "'; DROP TABLE x; --", "\u2028é"))
    if _is_bad(number, 0, every=2000) or number == 1:
        text = "ü" * (_HUGE // 2)
    category = random.randrange(shop.counts["categories"]) + 1
    price = Decimal(f"{random.randrange(10**30)}E-10")
    return (
        sku(number),
        None if number % 17 == 0 else category,
        f"{random.choice(_WORDS)} {number}",
        text,
        price,
        random.choice((None, 0, 250, 99_999)),
    )


def _variant(shop: Shop, random: Random, number: int) -> Row:
    product, variant = number % shop.counts["products"], number // shop.counts["products"]
    return (sku(product), variant + 1, random.choice((None, "", "rot", "größer")))


def _tag(_: Shop, __: Random, number: int) -> Row:
    return (number + 1, f"{_TAGS[number % len(_TAGS)]}{number}")


def _product_tag(shop: Shop, _: Random, number: int) -> Row:
    product = number % shop.counts["products"]
    tag = 88_888_888 if _is_bad(number, 0) else number % shop.counts["tags"] + 1
    return (sku(product), tag)


def _order(shop: Shop, random: Random, number: int) -> Row:
    placed: object = _moment(random, microseconds=number % 3 * 250_000)
    shipped = None if number % 3 == 0 else _moment(random, microseconds=7)
    if _is_bad(number, 0):
        placed = "0000-00-00 00:00:00"
    note = random.choice((None, "", "bitte klingeln 🔔", " ", "null"))
    return (number + 1, shop.customer(random), random.choice("PSDX"), placed, shipped, note)


def _order_item(shop: Shop, random: Random, number: int) -> Row:
    order, line = number % shop.counts["orders"], number // shop.counts["orders"]
    return (
        order + 1,
        line + 1,
        "gone" if number % 60 == 9 else shop.product(random),
        random.choice((None, 1, 2)),
        random.randrange(1, 9),
        Decimal(f"{random.randrange(10**30)}E-10"),
    )


def _review(shop: Shop, random: Random, number: int) -> Row:
    meta = random.choice((None, '{"ip": "::1", "n": 12345678901234567890.123}', "{}", '{"a":[]}'))
    return (
        number + 1,
        shop.product(random),
        None if number % 3 == 0 else shop.customer(random),
        random.randrange(1, 6),
        random.choice((None, "", "Gut! 👍", 'He said "no"\\', "日本語\n\ttab")),
        '{"torn": ' if _is_bad(number, 0) else meta,
        _moment(random),
    )


def _payment(shop: Shop, random: Random, number: int) -> Row:
    currency = "XEU" if _is_bad(number, 0) else random.choice(("EUR", "USD", "CHF", "???"))
    amount = random.randrange(10**30)
    took = random.choice((None, timedelta(hours=30, milliseconds=5), timedelta(seconds=61)))
    identity = random.randbytes(12) + number.to_bytes(4, "big")
    return (identity, shop.order(random), currency, amount, took, 2000 + number % 30)


def _moment(random: Random, microseconds: int = 0) -> datetime:
    seconds = random.randrange(300_000_000)
    moment = _START + timedelta(seconds=seconds, microseconds=microseconds)
    return moment.replace(tzinfo=None)


_MAKERS: Mapping[str, Callable[[Shop, Random, int], Row]] = {
    "categories": _category,
    "customers": _customer,
    "addresses": _address,
    "products": _product,
    "product_variants": _variant,
    "tags": _tag,
    "product_tags": _product_tag,
    "orders": _order,
    "order_items": _order_item,
    "reviews": _review,
    "payments": _payment,
}
