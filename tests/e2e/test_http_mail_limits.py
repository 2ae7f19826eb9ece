"""Nobody fills a mailbox, or the table of users, by asking again and again."""

from __future__ import annotations

import pytest
from attrs import evolve
from httpx import Response

from infrastructure.system.notifiers import MemoryNotifier
from tests.e2e.clients import ADA, GRACE, Api, ManualClock, moving, registration

TO_ONE = 5


def ask_for_reset(api: Api, email: str = ADA) -> Response:
    answer: Response = api.post("/users/password-reset", json={"email": email})
    return answer


def test_resets_are_refused_alike_for_any_address_and_no_mail_is_sent(
    api: Api, clock: ManualClock
) -> None:
    api.register(ADA)
    answers = [[ask_for_reset(api, email) for _ in range(TO_ONE + 1)] for email in (ADA, GRACE)]
    known, unknown = ([answer.status_code for answer in found] for found in answers)

    assert known == [202] * (TO_ONE - 1) + [429] * 2  # the registration asked for one
    assert unknown == [202] * TO_ONE + [429]
    last, of_nobody = answers[0][-1], answers[1][-1]
    assert last.json() == of_nobody.json()
    assert last.json()["type"] == "urn:dynastrata:problem:too-much-mail"
    assert last.headers["Retry-After"] == "900"
    notifier = api.container.notifier()
    assert isinstance(notifier, MemoryNotifier)
    assert len(notifier.sent) == TO_ONE
    clock.advance(minutes=15)
    assert ask_for_reset(api).status_code == 202


def test_every_mail_to_an_address_counts_against_it(api: Api) -> None:
    path = f"/users/{api.register(ADA)['id']}"
    headers = api.bearer()

    again = [api.post(f"{path}/email-verification", headers=headers) for _ in range(TO_ONE)]

    assert [answer.status_code for answer in again] == [202] * (TO_ONE - 1) + [429]
    assert api.post("/users", json=registration(email=ADA)).status_code == 429
    assert ask_for_reset(api).status_code == 429
    moves = [api.put(f"{path}/email", json=moving(GRACE), headers=headers) for _ in range(TO_ONE)]
    assert [answer.status_code for answer in moves] == [202] * TO_ONE
    assert api.put(f"{path}/email", json=moving(GRACE), headers=headers).status_code == 429


@pytest.mark.parametrize("settings", ["memory"], indirect=True)
def test_a_source_registers_so_many(api: Api) -> None:
    container = api.container
    container.settings.override(evolve(container.settings(), mails_per_source="3 per hour"))

    answers = [
        api.post("/users", json=registration(email=f"user{number}@example.com"))
        for number in range(4)
    ]

    assert [answer.status_code for answer in answers] == [201] * 3 + [429]
    assert answers[-1].headers["Retry-After"] == "3600"
    assert len(api.get("/users", headers=api.admin()).json()["items"]) == 4
