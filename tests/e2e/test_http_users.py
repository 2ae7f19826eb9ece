import unicodedata

import pytest

from tests.e2e.clients import (
    ADA,
    GRACE,
    PASSWORD,
    Api,
    ManualClock,
    in_memory,
    moving,
    registration,
)

NEW_PASSWORD = "another horse, another battery"


def test_a_registration_answers_where_the_user_is(api: Api) -> None:
    answer = api.post("/users", json=registration())
    user = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/users/{user['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert user == {
        "id": user["id"],
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": ADA,
        "role": "member",
        "is_email_verified": False,
        "is_banned": False,
        "version": 1,
    }


@pytest.mark.parametrize("role", ["admin", "member", None])
def test_a_registration_cannot_choose_its_role(role: str | None, api: Api) -> None:
    answer = api.post("/users", json=registration(role=role))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["role"]
    assert api.get("/users", headers=api.admin()).json()["items"][1:] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", " "),
        ("first_name", "a" * 101),
        ("last_name", "a\x00b"),
        ("last_name", 7),
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a\x00@example.com"),
        ("email", None),
        ("password", "too short"),
        ("password", "x" * 201),
        ("password", ["correct horse battery"]),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(field: str, value: object, api: Api) -> None:
    answer = api.post("/users", json=registration(**{field: value}))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert api.register()["version"] == 1


def test_all_that_is_wrong_is_named_in_words(api: Api) -> None:
    body = registration(first_name="\u200d ", last_name="x" * 101, email="a@b", password="short")
    answer = api.post("/users", json=body)
    assert answer.status_code == 422
    name = "must be text of 1 to 100 printable characters"
    assert answer.json()["errors"] == [
        {"field": "first_name", "reason": name},
        {"field": "last_name", "reason": name},
        {"field": "email", "reason": "must be an e-mail address of at most 254 characters"},
        {"field": "password", "reason": "String should have at least 10 characters"},
    ]


@pytest.mark.parametrize(
    "name", ["Ada", "A", "Ada  Maria", "\u0645\u06cc\u200c\u062f", "e\u0301", "\U0001f600"]
)
@pytest.mark.parametrize("around", ["", " ", "\u00a0\t\r\n\u3000"])
def test_a_name_is_taken_in_any_script_and_trimmed(name: str, around: str, api: Api) -> None:
    answer = api.post("/users", json=registration(first_name=f"{around}{name}{around}"))
    assert answer.status_code == 201
    assert answer.json()["first_name"] == unicodedata.normalize("NFC", name)


def test_an_address_belongs_to_one_user_in_any_spelling(api: Api) -> None:
    api.register(ADA)
    answer = api.post("/users", json=registration(email=" ADA@Example.COM "))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:dynastrata:problem:email-already-registered"
    assert ADA in answer.json()["detail"]


@in_memory
@pytest.mark.parametrize("name", ["\u3164", "\u2800 \ufe0f", "\U000e0101\u200d", "\u115f\uffa0"])
def test_a_name_that_nobody_sees_is_refused(name: str, api: Api) -> None:
    answer = api.post("/users", json=registration(first_name=name))
    assert [error["field"] for error in answer.json()["errors"]] == ["first_name"]


def test_a_mailbox_has_one_account_however_its_domain_is_written(api: Api) -> None:
    api.register("ada@bücher.example")
    for email in (
        "ada@\uff42ücher.example",
        "ada@bu\u0308cher.example",
        "ada@b\ufe0fücher.example",
        "ada@xn--bcher-kva.example",
    ):
        answer = api.post("/users", json=registration(email=email))
        assert answer.status_code == 409, email
        assert api.sign_in(email)["token_type"] == "Bearer"


def test_one_sees_oneself(api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    answer = api.get(f"/users/{user['id']}", headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {**user, "version": 2}
    assert answer.headers["ETag"] == '"2"'


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', '"1", "2"', "*"])
def test_what_is_known_is_not_sent_again(tag: str, api: Api) -> None:
    user = api.register()
    headers = {**api.bearer(), "If-None-Match": tag}
    answer = api.get(f"/users/{user['id']}", headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == '"2"'


@pytest.mark.parametrize("tag", ['"1"', "2", '"12"', '"'])
def test_what_is_not_known_is_sent(tag: str, api: Api) -> None:
    user = api.register()
    headers = {**api.bearer(), "If-None-Match": tag}
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 200


def test_others_are_not_shown_whether_they_exist_or_not(api: Api) -> None:
    api.register(ADA)
    grace = api.register(GRACE)
    ada = api.bearer(ADA)
    answers = [api.get(f"/users/{id_}", headers=ada) for id_ in (grace["id"], "nobody")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_an_administrator_sees_everyone_who_exists(api: Api) -> None:
    ada = api.register()
    admin = api.admin()
    assert api.get(f"/users/{ada['id']}", headers=admin).json() == ada
    assert api.get("/users/nobody", headers=admin).status_code == 404


@pytest.mark.parametrize("strange", ["%00", "a%2Fb", "%F0%9F%92%A9", "x" * 3000, "%0A"])
def test_a_strange_id_is_no_user(strange: str, api: Api) -> None:
    assert api.get(f"/users/{strange}", headers=api.admin()).status_code == 404


def test_the_claim_on_an_address_is_no_user(api: Api) -> None:
    api.register()
    admin = api.admin()
    for key in (ADA, f"EMAIL#{ADA}", f"email%23{ADA}", f"User%23email%23{ADA}"):
        assert api.get(f"/users/{key}", headers=admin).status_code == 404


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic x"])
def test_without_a_valid_token_nobody_gets_in(value: str | None, api: Api) -> None:
    user = api.register()
    answer = api.get(
        f"/users/{user['id']}", headers={} if value is None else {"Authorization": value}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_access_token_expires(api: Api, clock: ManualClock) -> None:
    user = api.register()
    headers = api.bearer()
    clock.advance(minutes=9, seconds=59)
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 200
    clock.advance(seconds=2)
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 401


def test_names_change_at_the_version_that_was_read(api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    tag = api.etag(user["id"], headers)
    answer = api.patch(
        f"/users/{user['id']}", json={"last_name": "Byron"}, headers={**headers, "If-Match": tag}
    )
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"3"'
    assert answer.json() == {**user, "last_name": "Byron", "version": 3}
    assert api.get(f"/users/{user['id']}", headers=headers).json() == answer.json()


@in_memory
@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 428),
        ("*", 428),
        ("", 400),
        ("2", 400),
        ('"2', 400),
        ('W/"2"', 400),
        ('"1", "2"', 400),
        ('"1"', 412),
        ('"3"', 412),
        ('"02"', 412),
        ('"+2"', 412),
        ('"two"', 412),
        (f'"{"9" * 5000}"', 412),
    ],
)
def test_a_change_needs_the_present_version(if_match: str | None, status: int, api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    condition = {} if if_match is None else {"If-Match": if_match}
    answer = api.patch(
        f"/users/{user['id']}", json={"first_name": "Eve"}, headers={**headers, **condition}
    )
    assert answer.status_code == status
    assert api.get(f"/users/{user['id']}", headers=headers).json() == {**user, "version": 2}


def test_a_stale_change_is_told_both_versions(api: Api) -> None:
    user = api.register()
    headers = {**api.bearer(), "If-Match": '"1"'}
    problem = api.patch(f"/users/{user['id']}", json={}, headers=headers).json()
    assert (problem["expected_version"], problem["actual_version"]) == (1, 2)


def test_a_new_address_has_to_be_proven(api: Api) -> None:
    user = api.register()
    api.prove(ADA)
    path, headers = f"/users/{user['id']}", api.bearer()
    answer = api.put(f"{path}/email", json=moving(GRACE), headers=headers)
    assert (answer.status_code, api.get(path, headers=headers).json()["email"]) == (202, ADA)
    api.prove(GRACE)
    api.prove(GRACE)
    shown = api.get(path, headers=headers).json()
    assert (shown["email"], shown["is_email_verified"]) == (GRACE, True)
    assert api.register(ADA)["email"] == ADA


def test_an_address_of_someone_else_is_refused_and_nothing_is_written(api: Api) -> None:
    user = api.register(ADA)
    api.register(GRACE)
    headers = api.bearer(ADA)
    answer = api.put(f"/users/{user['id']}/email", json=moving(GRACE), headers=headers)
    assert answer.status_code == 409
    assert api.get(f"/users/{user['id']}", headers=headers).json() == {**user, "version": 2}


@in_memory
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": None}, "first_name"),
        ({"first_name": ""}, "first_name"),
        ({"email": GRACE}, "email"),
        ({"role": "admin"}, "role"),
        ({"is_email_verified": True}, "is_email_verified"),
        ({"version": 9}, "version"),
        ([], "body"),
    ],
)
def test_a_change_that_cannot_be_is_named(body: object, field: str, api: Api) -> None:
    user = api.register()
    headers = {**api.bearer(), "If-Match": '"2"'}
    answer = api.patch(f"/users/{user['id']}", json=body, headers=headers)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_nobody_changes_or_removes_others(api: Api) -> None:
    api.register(ADA)
    grace = api.register(GRACE)
    headers = {**api.bearer(ADA), "If-Match": '"1"'}
    path = f"/users/{grace['id']}"
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert api.patch(path, json={"first_name": "Eve"}, headers=headers).status_code == 403
    assert api.put(f"{path}/password", json=body, headers=headers).status_code == 403
    assert api.post(f"{path}/email-verification", headers=headers).status_code == 403
    assert api.delete(path, headers=headers).status_code == 403
    assert api.get(path, headers=api.bearer(GRACE)).json() == {**grace, "version": 2}


@pytest.mark.parametrize("condition", [{}, {"If-Match": '"2"'}, {"If-Match": "*"}])
def test_a_removed_user_is_gone_and_the_address_free(condition: dict[str, str], api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    answer = api.delete(f"/users/{user['id']}", headers={**headers, **condition})
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 404
    assert api.delete(f"/users/{user['id']}", headers=headers).status_code == 401
    assert api.register()["id"] != user["id"]


@pytest.mark.parametrize(("if_match", "status"), [('"1"', 412), ('W/"2"', 400), ("2", 400)])
def test_a_removal_honours_the_version(if_match: str, status: int, api: Api) -> None:
    user = api.register()
    headers = api.bearer()
    answer = api.delete(f"/users/{user['id']}", headers={**headers, "If-Match": if_match})
    assert answer.status_code == status
    assert api.get(f"/users/{user['id']}", headers=headers).status_code == 200
