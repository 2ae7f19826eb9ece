"""A client of the HTTP API that speaks the language of the tests."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import argon2
import pytest
from attrs import define, field

from api.container import Container
from api.http.app import create_app
from domain.users.values import Role
from infrastructure.system.notifiers import MemoryNotifier
from infrastructure.system.passwords import Argon2Hasher

with warnings.catch_warnings():
    # Starlette asks for the successor of httpx, which does the same and is not needed otherwise.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ADA = "ada@example.com"
GRACE = "grace@example.com"
ADMIN = "root@example.com"
PASSWORD = "correct horse battery"
PROBLEM = "application/problem+json"

CHEAP = Argon2Hasher(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashing for tests: weak, and a thousand times as fast."""

Headers = dict[str, str]

in_memory = pytest.mark.parametrize("settings", ["memory"], indirect=True)
"""For what no provider has a part in: it is decided by what a request says."""


@define
class ManualClock:
    """Starts now and moves when told."""

    time: datetime = field(factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


class Api(TestClient):
    """The API of one container. Like a real server, it answers when something is broken."""

    def __init__(self, container: Container) -> None:
        super().__init__(create_app(container), raise_server_exceptions=False)
        self.container = container

    def register(self, email: str = ADA) -> dict[str, Any]:
        """A new user, as shown."""
        answer = self.post("/users", json=registration(email=email))
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()
        return user

    def prove(self, email: str = ADA) -> None:
        """Sends back the token that was mailed to this address last."""
        answer = self.post("/users/email-verification", json={"token": self.mailed(email)})
        assert answer.status_code == 204, answer.text

    def sign_in(self, email: str = ADA, password: str = PASSWORD) -> dict[str, Any]:
        """The tokens of a new session."""
        answer = self.post("/sessions", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def bearer(self, email: str = ADA) -> Headers:
        """The headers of someone who just signed in."""
        return {"Authorization": f"Bearer {self.sign_in(email)['access_token']}"}

    def admin(self) -> Headers:
        """The headers of an administrator, who is registered for this."""
        self.container.register_user()(
            first_name="Root", last_name="Root", email=ADMIN, password=PASSWORD, role=Role.ADMIN
        )
        return self.bearer(ADMIN)

    def place(self, headers: Headers, *skus: str) -> dict[str, Any]:
        """A new order of these articles, as shown."""
        body = {"lines": [line(sku) for sku in skus or ("algebra", "weaving")]}
        answer = self.post("/orders", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        return order

    def etag(self, user_id: str, headers: Headers) -> str:
        """The present entity tag of a user."""
        return str(self.get(f"/users/{user_id}", headers=headers).headers["ETag"])

    def mailed(self, email: str) -> str:
        """The token that was mailed to this address last."""
        notifier = self.container.notifier()
        assert isinstance(notifier, MemoryNotifier)
        return [each.token for each in notifier.sent if each.email.value == email][-1]


def registration(**changes: object) -> dict[str, object]:
    """The body of a registration."""
    return {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": ADA,
        "password": PASSWORD,
        **changes,
    }


def moving(email: str, password: str = PASSWORD) -> dict[str, object]:
    """The body that asks for another address."""
    return {"email": email, "current_password": password}


def line(sku: str = "numbers", **changes: object) -> dict[str, object]:
    """A line in the body of an order."""
    return {"sku": sku, "quantity": 2, **changes}


def priced(sku: str = "numbers") -> dict[str, object]:
    """The same line at the price that the tests' list has for everything."""
    return {**line(sku), "title": "A course", "unit_price_cents": 4_900}
