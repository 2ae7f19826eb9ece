from api.container import Container
from infrastructure.system.notifiers import MemoryNotifier
from tests.e2e.clients import ADA, GRACE, PASSWORD, Api, moving

NEW_PASSWORD = "another horse, another battery"


def test_an_address_is_proven_by_the_mailed_token_as_often_as_it_comes(api: Api) -> None:
    user = api.register()
    token = {"token": api.mailed(ADA)}
    assert api.post("/users/email-verification", json=token).status_code == 204
    assert api.post("/users/email-verification", json=token).status_code == 204
    shown = api.get(f"/users/{user['id']}", headers=api.bearer()).json()
    assert shown == {**user, "is_email_verified": True, "version": 3}


def test_the_mail_is_sent_again_on_demand(api: Api, container: Container) -> None:
    user = api.register()
    answer = api.post(f"/users/{user['id']}/email-verification", headers=api.bearer())
    assert answer.status_code == 202
    notifier = container.notifier()
    assert isinstance(notifier, MemoryNotifier)
    assert [each.kind for each in notifier.sent] == ["email verification"] * 2


def test_a_token_proves_no_later_address(api: Api) -> None:
    user = api.register()
    token = api.mailed(ADA)
    path, headers = f"/users/{user['id']}/email", api.bearer()
    assert api.put(path, json=moving(GRACE), headers=headers).is_success
    api.prove(GRACE)
    answer = api.post("/users/email-verification", json={"token": token})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "token")


def test_a_new_password_needs_the_present_one_and_ends_the_session(api: Api) -> None:
    user = api.register()
    session = api.sign_in()
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    path = f"/users/{user['id']}/password"
    wrong = {"current_password": NEW_PASSWORD, "new_password": NEW_PASSWORD}
    right = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    weak = {"current_password": PASSWORD, "new_password": "weak"}
    assert api.put(path, json=wrong, headers=headers).status_code == 401
    assert api.put(path, json=weak, headers=headers).status_code == 422
    assert api.put(path, json=right, headers=headers).status_code == 204
    refresh = {"refresh_token": session["refresh_token"]}
    assert api.post("/sessions/refresh", json=refresh).status_code == 401
    sign_in = {"email": ADA, "password": PASSWORD}
    assert api.post("/sessions", json=sign_in).status_code == 401
    assert api.sign_in(password=NEW_PASSWORD)["user_id"] == user["id"]


def test_a_reset_answers_the_same_for_known_and_unknown_addresses(api: Api) -> None:
    api.register(ADA)
    api.prove(ADA)
    known, unknown = (
        api.post("/users/password-reset", json={"email": email}) for email in (ADA, GRACE)
    )
    assert (known.status_code, unknown.status_code) == (202, 202)
    assert known.content == unknown.content
    notifier = api.container.notifier()
    assert isinstance(notifier, MemoryNotifier)
    assert [each.email.value for each in notifier.sent if each.kind == "password reset"] == [ADA]


def test_a_reset_token_sets_one_password_once(api: Api) -> None:
    api.register()
    api.prove()
    api.post("/users/password-reset", json={"email": ADA})
    path = "/users/password-reset/completion"
    body = {"token": api.mailed(ADA), "new_password": NEW_PASSWORD}
    assert api.post(path, json={**body, "new_password": "weak"}).status_code == 422
    assert api.post(path, json={**body, "token": "forged"}).status_code == 400
    assert api.post(path, json=body).status_code == 204
    assert api.post(path, json=body).status_code == 400
    assert api.sign_in(password=NEW_PASSWORD)["token_type"] == "Bearer"


def test_a_verification_token_resets_no_password(api: Api) -> None:
    api.register()
    body = {"token": api.mailed(ADA), "new_password": NEW_PASSWORD}
    assert api.post("/users/password-reset/completion", json=body).status_code == 400


def test_a_reset_token_dies_with_the_address_it_was_sent_to(api: Api) -> None:
    user = api.register()
    api.prove()
    api.post("/users/password-reset", json={"email": ADA})
    body = {"token": api.mailed(ADA), "new_password": NEW_PASSWORD}
    path, headers = f"/users/{user['id']}/email", api.bearer()
    assert api.put(path, json=moving(GRACE), headers=headers).is_success
    api.prove(GRACE)
    assert api.post("/users/password-reset/completion", json=body).status_code == 400
