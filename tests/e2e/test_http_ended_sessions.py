"""What ends a session ends what its access tokens may write, at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.clients import ADA, GRACE, PASSWORD, Api, Headers, line

NEW_PASSWORD = "another horse, another battery"
ORDER = {"lines": [line()]}


def sign_out(api: Api, user_id: str, headers: Headers) -> None:
    assert api.delete("/sessions", headers=headers).is_success


def sign_in_elsewhere(api: Api, user_id: str, headers: Headers) -> None:
    api.sign_in()


def change_password(api: Api, user_id: str, headers: Headers) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert api.put(f"/users/{user_id}/password", json=body, headers=headers).is_success


def ban(api: Api, user_id: str, headers: Headers) -> None:
    assert api.post(f"/users/{user_id}/ban", headers=api.admin()).is_success


def remove(api: Api, user_id: str, headers: Headers) -> None:
    assert api.delete(f"/users/{user_id}", headers=headers).is_success


@pytest.mark.parametrize("end", [ban, remove, change_password, sign_out, sign_in_elsewhere])
def test_nothing_is_written_once_the_session_has_ended(
    end: Callable[[Api, str, Headers], None], api: Api
) -> None:
    user_id, headers = api.register()["id"], api.bearer()
    end(api, user_id, headers)

    refused = [
        api.post("/orders", json=ORDER, headers=headers),
        api.delete(f"/users/{user_id}", headers=headers),
        api.post(f"/users/{user_id}/email-verification", headers=headers),
        api.put(f"/courses/algebra/students/{user_id}", headers=headers),
    ]

    assert {answer.status_code for answer in refused} == {401}
    assert {answer.json()["type"] for answer in refused} == {"urn:dynastrata:problem:session-ended"}


def test_what_an_ended_session_may_still_read_ends_with_its_token(api: Api) -> None:
    user_id, headers = api.register()["id"], api.bearer()
    ban(api, user_id, headers)

    assert api.get(f"/users/{user_id}", headers=headers).status_code == 200


def test_a_token_whose_session_was_replaced_does_not_end_the_new_one(api: Api) -> None:
    api.register()
    old = api.bearer()
    new = api.sign_in()

    assert api.delete("/sessions", headers=old).status_code == 204

    body = {"refresh_token": new["refresh_token"]}
    assert api.post("/sessions/refresh", json=body).status_code == 200


def test_a_banned_address_stays_taken(api: Api) -> None:
    user_id, admin = api.register()["id"], api.admin()
    assert api.post(f"/users/{user_id}/ban", headers=admin).is_success

    removed = api.delete(f"/users/{user_id}", headers=admin)

    assert (removed.status_code, removed.json()["type"]) == (
        403,
        "urn:dynastrata:problem:user-is-banned",
    )
    taken = {"first_name": "A", "last_name": "B", "email": ADA, "password": PASSWORD}
    assert api.post("/users", json=taken).status_code == 409
    assert api.post("/users", json={**taken, "email": GRACE}).status_code == 201


def test_a_refreshed_session_goes_on_writing(api: Api) -> None:
    api.register()
    tokens = api.sign_in()
    body = {"refresh_token": tokens["refresh_token"]}
    after = api.post("/sessions/refresh", json=body).json()["access_token"]

    for token in (tokens["access_token"], after):
        headers = {"Authorization": f"Bearer {token}"}
        assert api.post("/orders", json=ORDER, headers=headers).status_code == 201
