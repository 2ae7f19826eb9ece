"""`dynastrata seed`: the first administrator, and users to try things with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import asdict, evolve, field, frozen

from api.bootstrap import read_settings, start
from api.cli.output import AsJson, say, say_json, say_table
from domain.errors import DynastrataError
from domain.users.errors import EmailAlreadyRegistered
from domain.users.values import Role
from infrastructure.settings.settings import SAMPLE_PASSWORD, Settings, SettingsError

if TYPE_CHECKING:
    from api.container import Container
    from domain.users.user import User

_SAMPLE_USERS = (
    ("Grace", "Hopper", "grace.hopper@example.com"),
    ("Katherine", "Johnson", "katherine.johnson@example.com"),
    ("Alan", "Turing", "alan.turing@example.com"),
)


@frozen
class AdminAddressTaken(DynastrataError):
    """The address that the administrator is to have belongs to somebody who is none."""

    email: str

    def __str__(self) -> str:
        return f"{self.email} belongs to a user who is no administrator; choose --admin-email"


@frozen(kw_only=True)
class Person:
    """Somebody who is to be registered."""

    first_name: str
    last_name: str
    email: str
    password: str = field(repr=False)
    role: Role = Role.MEMBER


@frozen
class Seeded:
    """A user that is there now; `created` tells whether by this run."""

    user: User
    created: bool


def seed(
    *,
    admin_email: Annotated[
        str | None, typer.Option(help="Also by DYNASTRATA_ADMIN_EMAIL.", show_default=False)
    ] = None,
    admin_password: Annotated[
        str | None,
        typer.Option(
            help="Better by DYNASTRATA_ADMIN_PASSWORD: other users of the machine can see options. "
            "Without any, a sample is taken in memory and on an engine of this machine, and "
            "elsewhere it asks.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create the first administrator; in memory and on a local engine, sample users too.

    A second run changes nothing.
    """
    settings = read_settings()
    settings = evolve(
        settings,
        admin_email=admin_email or settings.admin_email,
        admin_password=admin_password or settings.admin_password or _default_password(settings),
    )
    seeded = seed_users(start(settings))
    if as_json:
        say_json([_as_json(each) for each in seeded])
    else:
        _say(seeded, settings)


def seed_users(container: Container) -> list[Seeded]:
    """Makes sure that the administrator of the settings and the sample users are there.

    Raises `AdminAddressTaken`, and `SettingsError` where a password is needed. Existing users are
    left as they are, their passwords too.
    """
    settings = container.settings()
    password = settings.admin_password or _default_password(settings)
    admin = Person(
        first_name="Ada",
        last_name="Lovelace",
        email=settings.admin_email,
        password=password,
        role=Role.ADMIN,
    )
    seeded = [_ensure(container, admin)]
    if seeded[0].user.role is not Role.ADMIN:
        raise AdminAddressTaken(settings.admin_email)
    if settings.takes_samples:
        seeded += [_ensure(container, sample) for sample in _samples()]
    return seeded


def _samples() -> list[Person]:
    return [
        Person(first_name=first, last_name=last, email=email, password=SAMPLE_PASSWORD)
        for first, last, email in _SAMPLE_USERS
    ]


def _ensure(container: Container, person: Person) -> Seeded:
    try:
        return Seeded(container.register_user()(**asdict(person)), created=True)
    except EmailAlreadyRegistered:
        email = container.email_parser().parse(person.email)
        with container.unit_of_work() as unit:
            return Seeded(unit.users.get_by_email(email), created=False)


def _default_password(settings: Settings) -> str:
    if settings.takes_samples:
        return SAMPLE_PASSWORD
    if not sys.stdin.isatty():
        raise SettingsError("DYNASTRATA_ADMIN_PASSWORD", "is needed, there is no terminal to ask")
    password: str = typer.prompt(
        "Administrator's password", hide_input=True, confirmation_prompt=True
    )
    return password


def _as_json(seeded: Seeded) -> dict[str, object]:
    user = seeded.user
    return {
        "id": user.id,
        "email": user.email.value,
        "role": user.role.value,
        "created": seeded.created,
    }


def _say(seeded: list[Seeded], settings: Settings) -> None:
    rows = [
        (each.user.email.value, each.user.role.value, "created" if each.created else "was there")
        for each in seeded
    ]
    say_table("Users", ("e-mail", "role", "this run"), rows)
    if not any(each.created for each in seeded):
        say("Everything was there: nothing changed.")
    elif settings.admin_password == SAMPLE_PASSWORD:
        say(f"Their password is {SAMPLE_PASSWORD!r}.")
    if settings.provider == "memory":
        say("The memory provider forgets them now; `dynastrata serve --seed` keeps them.")
