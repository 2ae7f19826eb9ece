"""Rows of the fault matrix for one user, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.container import Container
from domain.users.user import User
from domain.users.values import Email
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import RETURNED, Told, UseCase
from tests.users.use_cases.prepared import ADA, mails, registered


def no_mail(service: Service) -> None:
    """Nobody has got any mail."""
    mails(service).clear()


def of_ada(change: Callable[[Container, str], object]) -> Callable[[Service, str], object]:
    """Calls a use case for the one user there is; tells the result, and what mail was sent."""

    def run(service: Service, user_id: str) -> object:
        shown = change(service.container, user_id)
        return shown, [(mail.kind, mail.email) for mail in mails(service)]

    return run


def no_mail_without_a_commit(service: Service, _: object, told: Told) -> None:
    """Mail is for what is known to be stored."""
    assert told.how == RETURNED or not mails(service), f"mail was sent: {mails(service)}"


def rename(service: Service, _: object) -> None:
    """Somebody else gives the user who has the address another name."""
    user = _holder(service)
    service.container.update_user()(user.id, expected_version=user.version, last_name="Other")


def remove(service: Service, _: object) -> None:
    """Somebody else removes the user who has the address."""
    service.container.remove_user()(_holder(service).id)


def _holder(service: Service) -> User:
    with service.container.unit_of_work() as unit:
        user: User = unit.users.get_by_email(Email(ADA))
    return user


def use_case(
    name: str,
    run: Callable[[Container, str], object],
    prepare: Callable[[Service], Any] = registered,
    case: str = "",
) -> UseCase:
    return UseCase(
        name=name,
        case=case,
        prepare=prepare,
        empty=no_mail,
        run=of_ada(run),
        check=no_mail_without_a_commit,
        others={"another name": rename, "a removal": remove},
    )
