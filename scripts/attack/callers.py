"""Who sends requests: a user, who is replaced when gone, and the administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from attrs import define, field

from infrastructure.settings.settings import SAMPLE_PASSWORD, Settings

_SESSION_IS_OVER = ("invalid-token", "session-ended")


@define
class Caller:
    """Somebody with an account. Whatever ends the session, the next request has another one.

    `replace` makes a new account where this one can sign in no more; the administrator has none.
    """

    api: httpx.Client
    email: str
    replace: Callable[[Caller], None] | None = None
    password: str = field(default=SAMPLE_PASSWORD, repr=False)
    id: str = ""
    _token: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What makes a request theirs."""
        if self._token is None:
            self.renew()
        return {"Authorization": f"Bearer {self._token}"}

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer to a request of theirs, a second one where the session was over."""
        headers = more.pop("headers", {})
        answer = self.api.request(method, path, headers={**headers, **self.headers}, **more)
        if self.heard(answer.status_code, answer.text):
            answer = self.api.request(method, path, headers={**headers, **self.headers}, **more)
        return answer

    def heard(self, status: int, body: str) -> bool:
        """Takes note of an answer; whether it says that the session is over."""
        is_over = status == 401 and any(f":{name}" in body for name in _SESSION_IS_OVER)
        if is_over:
            self._token = None
        return is_over

    def renew(self) -> None:
        """Starts another session, with another account where this one is gone."""
        answer = self._start_session()
        if answer.is_error and self.replace is not None:
            self.replace(self)
            answer = self._start_session()
        tokens = answer.raise_for_status().json()
        self._token, self.id = tokens["access_token"], tokens["user_id"]

    def _start_session(self) -> httpx.Response:
        body = {"email": self.email, "password": self.password}
        return self.api.post("/sessions", json=body)


def administrator(api: httpx.Client) -> Caller:
    """The one whom `serve --seed` makes."""
    return Caller(api, Settings().admin_email)


def user(api: httpx.Client) -> Caller:
    """A new user."""
    caller = Caller(api, "", replace=_register)
    _register(caller)
    return caller


def _register(caller: Caller) -> None:
    caller.email, caller.password = f"{uuid4().hex}@example.com", SAMPLE_PASSWORD
    body = {"email": caller.email, "password": caller.password}
    names = {"first_name": "Grace", "last_name": "Hopper"}
    answer = caller.api.post("/users", json={**names, **body})
    caller.id = answer.raise_for_status().json()["id"]
