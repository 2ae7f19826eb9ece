"""What there is to be changed: users, orders and courses that live, at their present versions."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import uuid4

from attrs import define, field

from domain.orders.price_list import ACADEMY
from scripts.attack.callers import Caller

ARTICLES = tuple(ACADEMY.articles)
_SEATS = (1, 20, 1000)
_OFTEN = 0.75
"""How often a caller acts on what is their own."""


@define
class Targets:
    """What a caller acts on, mostly their own; what is gone or closed is made anew.

    The caller of requests by nobody is None: then it is what others have.
    """

    caller: Caller | None
    other: Caller
    administrator: Caller
    random: Random
    strange: set[str] = field(factory=set)
    """The ids of what others have, and the caller may neither see nor change."""
    _courses: list[str] = field(factory=list)
    _orders: dict[str, str] = field(factory=dict)  # by the e-mail address of whose it is

    def __attrs_post_init__(self) -> None:
        for seats in _SEATS:
            course = uuid4().hex
            body = {"id": course, "title": "Attacked", "capacity": seats}
            self.administrator.send("POST", "/courses", json=body).raise_for_status()
            self._courses.append(course)

    def find(self, parameter: str, known: dict[str, Any]) -> str | None:
        """What a parameter of a path may name, given those before it; None where all will do."""
        match parameter:
            case "user_id" | "student_id":
                return self._user()
            case "order_id":
                return self._order()
            case "course_id":
                return self.random.choice(self._courses)
            case "sku":
                return self._sku(str(known["order_id"]))
        return None

    def entity_tag(self, path: str) -> str | None:
        """The present entity tag; None where nothing is there."""
        tag: str | None = self.administrator.send("GET", path).headers.get("ETag")
        return tag

    def _whose(self) -> Caller:
        own = self.caller is not None and self.random.random() < _OFTEN
        return self.caller if own and self.caller is not None else self.other

    def _user(self) -> str:
        whose = self._whose()
        if whose is self.administrator:
            # Who is removed or banned is none any more, and no request makes another one.
            whose = self.other
        shown = self.administrator.send("GET", f"/users/{whose.id}") if whose.id else None
        if shown is None or shown.status_code != 200 or shown.json()["is_banned"]:
            whose.renew()
        return self._note(whose, whose.id)

    def _order(self) -> str:
        whose = self._whose()
        order = self._orders.get(whose.email)
        if order is not None and self.random.random() < _OFTEN:
            shown = self.administrator.send("GET", f"/orders/{order}").json()
            order = order if shown["status"] == "open" else None
        if order is None:
            lines = [{"sku": sku, "quantity": 1} for sku in ARTICLES[:2]]
            placed = whose.send("POST", "/orders", json={"lines": lines})
            order = str(placed.raise_for_status().json()["id"])
            self._orders[whose.email] = order
        return self._note(whose, order)

    def _sku(self, order: str) -> str:
        shown = self.administrator.send("GET", f"/orders/{order}").json()
        return str(self.random.choice([line["sku"] for line in shown["lines"]]))

    def _note(self, whose: Caller, id: str) -> str:
        if whose is not self.caller and self.caller is not self.administrator:
            self.strange.add(id)
        return id
