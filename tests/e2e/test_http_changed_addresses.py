"""An account stays with whoever owns its address, also where a token or the password is stolen."""

from __future__ import annotations

import pytest

from infrastructure.system.notifiers import MemoryNotifier
from tests.e2e.clients import ADA, GRACE, PASSWORD, Api, Headers, ManualClock, moving

NEW_PASSWORD = "another horse, another battery"
THIEF = "thief@example.com"


def proven(api: Api) -> tuple[str, Headers]:
    """The path and the headers of somebody whose address is proven."""
    path = f"/users/{api.register()['id']}"
    api.prove()
    return path, api.bearer()


def kinds(api: Api, email: str) -> list[str]:
    """What was mailed to this address."""
    notifier = api.container.notifier()
    assert isinstance(notifier, MemoryNotifier)
    return [each.kind for each in notifier.sent if each.email.value == email]


def undo(api: Api) -> int:
    return int(api.post("/users/email-undo", json={"token": api.mailed(ADA)}).status_code)


def recover(api: Api) -> None:
    """Follows the mail that comes after an undo."""
    body = {"token": api.mailed(ADA), "new_password": NEW_PASSWORD}
    assert api.post("/users/password-reset/completion", json=body).status_code == 204
    api.sign_in(ADA, NEW_PASSWORD)


def test_a_stolen_token_alone_moves_no_account(api: Api) -> None:
    path, headers = proven(api)

    wrong = api.put(f"{path}/email", json=moving(THIEF, "a guess at it"), headers=headers)
    patched = api.patch(path, json={"email": THIEF}, headers={**headers, "If-Match": '"3"'})

    assert (wrong.status_code, patched.status_code) == (401, 422)
    assert kinds(api, THIEF) == []
    assert api.get(path, headers=headers).json()["email"] == ADA


def test_a_reset_goes_to_no_address_that_is_not_proven(api: Api) -> None:
    path, headers = proven(api)
    assert api.put(f"{path}/email", json=moving(THIEF), headers=headers).status_code == 202
    api.register(GRACE)

    for email in (THIEF, GRACE):
        assert api.post("/users/password-reset", json={"email": email}).status_code == 202

    assert kinds(api, THIEF) == ["email verification"]
    assert kinds(api, GRACE) == ["email verification"] * 2


def test_a_banned_user_gets_no_reset(api: Api) -> None:
    path, _ = proven(api)
    assert api.post(f"{path}/ban", headers=api.admin()).is_success

    assert api.post("/users/password-reset", json={"email": ADA}).status_code == 202

    assert kinds(api, ADA) == ["email verification"]


def test_a_new_password_ends_a_change_that_is_not_proven_yet(api: Api) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(THIEF), headers=headers)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert api.put(f"{path}/password", json=body, headers=headers).status_code == 204

    answer = api.post("/users/email-verification", json={"token": api.mailed(THIEF)})

    assert answer.status_code == 400


@pytest.mark.parametrize("is_proven", [True, False])
def test_the_old_address_is_told_and_takes_the_account_back(is_proven: bool, api: Api) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(THIEF), headers=headers)
    if is_proven:
        api.prove(THIEF)
    assert kinds(api, ADA) == ["email verification", "email change undo"]

    assert undo(api) == 204

    stolen = api.post("/sessions", json={"email": ADA, "password": PASSWORD})
    late = api.post("/users/email-verification", json={"token": api.mailed(THIEF)})
    assert (stolen.status_code, late.status_code) == (401, 400)
    assert api.post("/orders", json={"lines": []}, headers=headers).status_code == 401
    recover(api)


def test_registering_the_old_address_does_not_keep_it_from_being_taken_back(api: Api) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(THIEF), headers=headers)
    token = {"token": api.mailed(ADA)}
    api.prove(THIEF)
    squatter = api.register(ADA)

    assert api.post("/users/email-undo", json=token).status_code == 204

    recover(api)
    admin = api.admin()
    assert api.get(f"/users/{squatter['id']}", headers=admin).status_code == 404
    shown = api.get(path, headers=admin).json()
    assert (shown["email"], shown["is_email_verified"]) == (ADA, True)


def test_an_old_address_that_somebody_else_has_proven_is_not_taken_back(api: Api) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(GRACE), headers=headers)
    token = {"token": api.mailed(ADA)}
    api.prove(GRACE)
    api.register(ADA)
    api.prove(ADA)

    assert api.post("/users/email-undo", json=token).status_code == 409


def test_a_change_can_be_undone_for_a_week(api: Api, clock: ManualClock) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(GRACE), headers=headers)
    clock.advance(days=7)

    assert undo(api) == 400


def test_an_address_that_was_never_proven_can_undo_nothing(api: Api) -> None:
    path, headers = f"/users/{api.register()['id']}", api.bearer()

    api.put(f"{path}/email", json=moving(GRACE), headers=headers)

    assert kinds(api, ADA) == ["email verification"]


def test_an_address_that_was_taken_before_it_was_proven_is_refused(api: Api) -> None:
    path, headers = proven(api)
    api.put(f"{path}/email", json=moving(GRACE), headers=headers)
    token = {"token": api.mailed(GRACE)}
    api.register(GRACE)

    assert api.post("/users/email-verification", json=token).status_code == 409
    assert api.get(path, headers=headers).json()["email"] == ADA
