"""What the harbour becomes, written by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

MIDNIGHT = "2024-01-01T00:00:00"
LOWEST = "at=2024-01-01 00:00:00, millimetres=4, gauge=north"
SHIP_0, SHIP_41 = bytes(16), bytes(15) + b"\x41"
SHIP_FF = b"\xff" * 16

ITEMS: dict[str, list[dict[str, Any]]] = {
    "Harbour": [
        {
            "PK": "PORT#NORD",
            "SK": "#",
            "entity_type": "PORT",
            "code": "NORD",
            "name": "Größe Nord",
            "opened": 1901,
            "place": "POINT(1 2)",
            "below": 1,
        },
        {
            "PK": "PORT#EAST",
            "SK": "#",
            "entity_type": "PORT",
            "code": "EAST",
            "name": "Østre",
            "way": "Größe Nord",
            "below": 1,
        },
        {
            "PK": "PORT#QUAY",
            "SK": "#",
            "entity_type": "PORT",
            "code": "QUAY",
            "name": "Kaïn",
            "opened": 2155,
            "way": "Østre/Größe Nord",
            "below": 0,
        },
        {
            "PK": "PORT#EAST",
            "SK": "QUAY#1",
            "entity_type": "QUAY",
            "length": Decimal("120.5"),
            "next_length": 0,
        },
        {
            "PK": "PORT#EAST",
            "SK": "QUAY#1a",
            "entity_type": "QUAY",
            "length": 80,
            "next_length": Decimal("120.5"),
        },
        {
            "PK": "PORT#QUAY",
            "SK": "QUAY#1",
            "entity_type": "QUAY",
            "length": Decimal("9.25"),
            "next_length": 80,
        },
        {
            "PK": "PORT#QUAY",
            "SK": "QUAY#x#1",
            "entity_type": "QUAY",
            "length": 10,
            "next_length": 0,
        },
        {
            "PK": f"SHIP#{'0' * 30}41",
            "SK": "2024-02-29#EAST#1",
            "entity_type": "MOORING",
            "ship": f"{'0' * 30}41",
            "day": "2024-02-29",
        },
        {
            "PK": f"SHIP#{'0' * 30}41",
            "SK": "2024-02-29#EAST#1a",
            "entity_type": "MOORING",
            "ship": f"{'0' * 30}41",
            "day": "2024-02-29",
            "fee": Decimal("12345678901234567890.0000000001"),
        },
        {
            "PK": f"SHIP#{'f' * 32}",
            "SK": "2024-02-29#EAST#1",
            "entity_type": "MOORING",
            "ship": "f" * 32,
            "day": "2024-02-29",
            "fee": Decimal("-0.5"),
        },
        {
            "PK": f"SHIP#{'f' * 32}",
            "SK": "2024-03-01#QUAY#x#1",
            "entity_type": "MOORING",
            "ship": "f" * 32,
            "day": "2024-03-01",
            "fee": 0,
        },
    ],
    "Ships": [
        {
            "ship_id": SHIP_0,
            "call_sign": "AB1",
            "full_name": "Zoë 🦊",
            "is_active": True,
            "launched": "1999-01-31",
            "seen": "2023-11-14T22:13:20.123",
            "flags": 5,
            "days": [],
        },
        {
            "ship_id": SHIP_41,
            "call_sign": "AB2",
            "full_name": "",
            "is_active": False,
            "sister": SHIP_FF,
            "flags": 0,
            "days": [
                {"day": "2024-02-29", "fee": None},
                {"day": "2024-02-29", "fee": Decimal("12345678901234567890.0000000001")},
            ],
        },
        {
            "ship_id": SHIP_FF,
            "call_sign": "AB5",
            "full_name": "Cleo",
            "is_active": False,
            "sister": SHIP_41,
            "launched": "2024-02-29",
            "seen": "1970-01-01T00:00:00.000",
            "flags": 255,
            "days": [
                {"day": "2024-03-01", "fee": 0},
                {"day": "2024-02-29", "fee": Decimal("-0.5")},
            ],
        },
    ],
    "Orders": [
        {"group": "g1", "key": "k1", "select": Decimal("1.25"), "in_group": Decimal("3.75")},
        {
            "group": "g1",
            "key": "k2",
            "select": Decimal("2.5"),
            "in_group": Decimal("3.75"),
            "desc": "",
        },
        {"group": "g2", "key": "k1", "select": -3, "in_group": -3, "desc": "Line 1\nLine 2"},
    ],
    "CrewLists": [
        {
            "list": "LIST#7",
            "signed_on": "2024-02-01",
            "at": "08:30:00",
            "signed_on#at": "2024-02-01#08:30:00",
            "load": Decimal("33.3"),
            "duties": {"deck", "galley"},
        },
        {
            "list": "LIST#7",
            "signed_on": "2024-02-01",
            "at": "18:30:00",
            "signed_on#at": "2024-02-01#18:30:00",
        },
    ],
    "TideLog": [
        {"gauge": "north", "at": MIDNIGHT, "millimetres": 4},
        {"gauge": "north", "at": f"{MIDNIGHT}.500000", "millimetres": 2**64 - 1},
        {"gauge": "south", "at": MIDNIGHT, "millimetres": 5},
        {"gauge": "-", "at": MIDNIGHT, "millimetres": 5},
    ],
    "QuayDays": [
        {"quay": "EAST/1", "day": "2024-02-29", "ships": 2, "length": Decimal("120.5")},
        {"quay": "EAST/1a", "day": "2024-02-29", "ships": 1, "length": 80},
        {"quay": "QUAY/x#1", "day": "2024-03-01", "ships": 1, "length": 10},
    ],
}

REJECTS = {
    ("Ships", "launched", "is no date: '19991301'"),
    ("Ships", "launched", "is a zero date, 00000000"),
    ("CrewLists", "signed on", "is not written as DD.MM.YYYY: '1.2.2024'"),
    ("CrewLists", "signed on", "is no date: '29.02.2023'"),
    ("TideLog", "gauge, at", f"'north', '{MIDNIGHT}' is already taken by {LOWEST}"),
    ("TideLog", "gauge, at", "another row has the same values"),
    ("TideLog", "at", "is NULL, but part of the key"),
}

WARNINGS = [
    "warning  tables[0].entities[0].attributes.below.calculation.target_table",
    "warning  tables[2].attributes.in_group.calculation.target_table",
    "warning  tables[0].entities[2].attributes.day",
    "warning  tables[0].entities[0].attributes.below.calculation",
    "warning  tables[4].attributes.at",
    "0 errors, 5 warnings",
]
