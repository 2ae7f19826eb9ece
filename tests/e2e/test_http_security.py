"""What answers tell browsers and caches, and what is closed once others reach the service."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from api.container import Container, build_container
from api.http.app import create_app
from infrastructure.settings.settings import Settings, SettingsError
from tests.deployed import MAIL, OWN_KEY
from tests.e2e.clients import Api, in_memory

pytestmark = in_memory

DEPLOYED: Any = {
    "provider": "dynamodb",
    "region": "eu-central-1",
    "signing_key": OWN_KEY,
    "create_tables": False,
}


def deployed(settings: Settings, **changes: Any) -> Container:
    return build_container(evolve(settings, **{**DEPLOYED, **MAIL, **changes}))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("PUT", "/users"),
        ("POST", "/users"),
        ("GET", "/docs"),
    ],
)
def test_every_answer_is_for_nobody_else_to_keep_or_to_reinterpret(
    method: str, path: str, api: Api
) -> None:
    headers = api.request(method, path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "Strict-Transport-Security" not in headers


def test_so_is_the_answer_to_an_unforeseen_error(api: Api, container: Container) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("a mistake")

    with container.get_user.override(broken), capture_logs():
        answer = api.get("/users/somebody", headers=api.admin())
    assert answer.status_code == 500
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]


def test_personal_data_is_kept_by_no_cache(api: Api) -> None:
    user = api.register()
    answer = api.get(f"/users/{user['id']}", headers=api.bearer())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_who_came_by_tls_is_told_to_come_so_again(api: Api) -> None:
    answer = api.get("https://testserver/health")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_page_of_the_documentation_may_run_its_own_script_and_no_other(api: Api) -> None:
    answer = api.get("/docs")
    (script,) = re.findall("(?s)<script>(.*?)</script>", answer.text)
    policy = dict(
        each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; ")
    )
    own = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
    assert policy["script-src"].split() == ["https://cdn.jsdelivr.net", own]
    loaded = re.findall('(?:src|href)="(https://[^/]+)/', answer.text)
    allowed = policy["script-src"] + policy["style-src"] + policy["img-src"]
    assert [each for each in loaded if each not in allowed] == []


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_documentation_is_closed_once_deployed_unless_it_is_opened(
    environment: str, settings: Settings
) -> None:
    closed = Api(deployed(settings, environment=environment))
    opened = Api(deployed(settings, environment=environment, http_docs=True))
    paths = ("/docs", "/openapi.json", "/redoc", "/docs/oauth2-redirect")
    assert [closed.get(path).status_code for path in paths] == [404] * 4
    assert [opened.get(path).status_code for path in paths] == [200, 200, 404, 404]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_it_does_not_start_where_mail_would_be_written_to_the_log(
    environment: str, settings: Settings
) -> None:
    container = deployed(settings, environment=environment, mail_server="")
    with pytest.raises(SettingsError, match=r"^mail_server .* sends mail: name a server"):
        create_app(container)


def test_mail_has_a_sender(settings: Settings) -> None:
    container = build_container(evolve(settings, mail_server=MAIL["mail_server"]))
    with pytest.raises(SettingsError, match=r"^mail_sender "):
        create_app(container)
