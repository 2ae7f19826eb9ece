from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.e2e.clients import ADA, PASSWORD, Api, ManualClock


def refresh(api: Api, token: str) -> tuple[int, str]:
    """The status and, in short, the type of the problem."""
    answer = api.post("/sessions/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


def test_a_session_has_all_that_a_client_needs(api: Api) -> None:
    user = api.register()
    answer = api.post("/sessions", json={"email": ADA, "password": PASSWORD})
    session = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert session == {
        "access_token": session["access_token"],
        "token_type": "Bearer",
        "expires_in": 600,
        "refresh_token": session["refresh_token"],
        "user_id": user["id"],
    }


def test_an_unknown_address_and_a_wrong_password_look_the_same(api: Api) -> None:
    api.register()
    answers = [
        api.post("/sessions", json={"email": email, "password": password})
        for email, password in [
            (ADA, "wrong"),
            ("nobody@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("\x00", "\x00"),
        ]
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


def test_a_refresh_token_works_once(api: Api, clock: ManualClock) -> None:
    api.register()
    first = api.sign_in()["refresh_token"]
    answer = api.post("/sessions/refresh", json={"refresh_token": first})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    second = answer.json()["refresh_token"]
    assert second != first
    assert refresh(api, first) == (401, "refresh-token-superseded")
    assert refresh(api, second)[0] == 200


def test_an_old_refresh_token_ends_the_session(api: Api, clock: ManualClock) -> None:
    api.register()
    first = api.sign_in()["refresh_token"]
    second = api.post("/sessions/refresh", json={"refresh_token": first}).json()["refresh_token"]
    clock.advance(minutes=6)
    assert refresh(api, first) == (401, "refresh-token-reused")
    assert refresh(api, second) == (401, "session-ended")


def test_a_session_ends_when_it_is_not_refreshed(api: Api, clock: ManualClock) -> None:
    api.register()
    token = api.sign_in()["refresh_token"]
    clock.advance(days=30)
    assert refresh(api, token) == (401, "invalid-token")


def test_signing_in_again_ends_the_session_elsewhere(api: Api) -> None:
    api.register()
    first, second = api.sign_in(), api.sign_in()
    assert refresh(api, first["refresh_token"]) == (401, "session-ended")
    assert refresh(api, second["refresh_token"])[0] == 200


def test_signing_out_ends_the_session_as_often_as_one_likes(api: Api) -> None:
    api.register()
    session = api.sign_in()
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    assert api.delete("/sessions", headers=headers).status_code == 204
    assert api.delete("/sessions", headers=headers).status_code == 204
    assert refresh(api, session["refresh_token"]) == (401, "session-ended")


def test_signing_out_needs_a_session(api: Api) -> None:
    assert api.delete("/sessions").status_code == 401


def test_each_token_serves_its_own_purpose(api: Api) -> None:
    user = api.register()
    session = api.sign_in()
    assert refresh(api, session["access_token"]) == (401, "invalid-token")
    headers = {"Authorization": f"Bearer {session['refresh_token']}"}
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 401


def test_the_token_of_a_removed_user_is_worth_nothing(api: Api) -> None:
    user = api.register()
    session = api.sign_in()
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    assert api.delete(f"/users/{user['id']}", headers=headers).status_code == 204
    assert refresh(api, session["refresh_token"]) == (401, "invalid-token")


@pytest.mark.race
def test_of_many_who_refresh_at_once_one_gets_the_next_token(api: Api) -> None:
    api.register()
    token = api.sign_in()["refresh_token"]
    barrier = Barrier(16)

    def attempt(_: int) -> tuple[int, str]:
        barrier.wait()
        answer = api.post("/sessions/refresh", json={"refresh_token": token})
        return answer.status_code, answer.json().get("refresh_token", "")

    with ThreadPoolExecutor(16) as threads:
        outcomes = sorted(threads.map(attempt, range(16)))
    assert [status for status, _ in outcomes] == [200] + [401] * 15
    assert refresh(api, outcomes[0][1])[0] == 200
