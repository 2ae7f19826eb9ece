import pytest

from tests.e2e.clients import ADA, ADMIN, PASSWORD, Api


def test_a_banned_user_is_out_until_the_ban_is_lifted(api: Api) -> None:
    user = api.register()
    session = api.sign_in()
    admin = api.admin()
    banned = api.post(f"/users/{user['id']}/ban", headers=admin)
    assert (banned.status_code, banned.json()["is_banned"]) == (200, True)
    refresh = {"refresh_token": session["refresh_token"]}
    assert api.post("/sessions/refresh", json=refresh).status_code == 401
    right = {"email": ADA, "password": PASSWORD}
    assert api.post("/sessions", json=right).status_code == 403
    assert api.post("/sessions", json={**right, "password": "wrong"}).status_code == 401
    unbanned = api.post(f"/users/{user['id']}/unban", headers=admin)
    assert unbanned.json()["is_banned"] is False
    assert api.post("/sessions", json=right).status_code == 201


def test_what_is_for_administrators_is_for_nobody_else(api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    assert api.get("/users", headers=headers).status_code == 403
    assert api.post(f"/users/{user['id']}/ban", headers=headers).status_code == 403
    assert api.post(f"/users/{user['id']}/unban", headers=headers).status_code == 403
    assert api.get("/users").status_code == 401


def test_users_are_listed_page_by_page_in_the_order_they_registered(api: Api) -> None:
    emails = [f"user{number}@example.com" for number in range(5)]
    for email in emails:
        api.register(email)
    admin = api.admin()
    listed: list[str] = []
    params: dict[str, str] | None = {"size": "2"}
    while params is not None:
        page = api.get("/users", params=params, headers=admin).json()
        listed += [user["email"] for user in page["items"]]
        following = page["next_cursor"]
        params = None if following is None else {"size": "2", "cursor": following}
    assert listed == [*emails, ADMIN]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cursor": "forged"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "\x00"}, "cursor"),
        ({"size": "0"}, "size"),
        ({"size": "101"}, "size"),
        ({"size": "many"}, "size"),
        ({"size": "9" * 5000}, "size"),
    ],
)
def test_a_page_that_cannot_be_is_a_bad_request(
    params: dict[str, str], field: str, api: Api
) -> None:
    answer = api.get("/users", params=params, headers=api.admin())
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_token_of_another_purpose_is_no_cursor(api: Api) -> None:
    admin = api.admin()
    cursor = admin["Authorization"].removeprefix("Bearer ")
    assert api.get("/users", params={"cursor": cursor}, headers=admin).status_code == 400
