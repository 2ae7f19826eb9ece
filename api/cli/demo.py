"""`dynastrata demo`: the main job on either provider, with what it stored and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from itertools import chain
from typing import Annotated

import typer
from attrs import asdict, evolve, frozen

from api.cli.demo_orders import Happened, OrdersStory
from api.cli.demo_outbox import Left, OutboxStory
from api.cli.demo_steps import Row, play
from api.cli.demo_users import UsersStory
from api.cli.output import AsJson, busy, say_json, say_table
from api.container import Container
from api.starting import start
from domain.users.user import User
from infrastructure.engines import run_ministack
from infrastructure.settings import Settings, SettingsError, load_settings

_FREE = "The memory provider sends no requests."
_UNITS = "In capacity units. A refused write costs some too, which no engine reports."
_REGION = "us-east-1"  # any will do: the engine is on this machine


class ProviderName(StrEnum):
    """Where the demo stores what it plays."""

    MEMORY = "memory"
    DYNAMODB = "dynamodb"


def demo(
    *,
    provider: Annotated[
        ProviderName | None,
        typer.Option(help="Instead of DYNASTRATA_PROVIDER.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register users, place an order, publish the messages; show what was stored at what cost.

    With dynamodb it starts a local engine of its own, which needs no Docker, unless
    DYNASTRATA_ENDPOINT_URL is set: then it creates the missing tables there, removes the users that
    an earlier demo left, and leaves its own. Both providers end with the same users and events.
    """
    settings = load_settings()
    if settings.is_production:
        raise SettingsError("environment", "the demo does not run in production")
    settings = evolve(settings, users_destination="memory:", orders_destination="memory:")
    if provider is not None:
        settings = evolve(settings, provider=provider.value)
    with _with_engine(settings) as settings:
        played = _play(start(settings))
    if as_json:
        say_json(
            {
                "steps": [asdict(row) for row in played.rows],
                "users": [_shown(user) for user in played.users],
                "history": [asdict(event) for event in played.history],
                "published": [asdict(message) for message in played.published],
            }
        )
    else:
        _say(settings, played)


@frozen
class _Played:
    rows: list[Row]
    users: list[User]
    history: list[Happened]
    published: list[Left]


def _play(container: Container) -> _Played:
    with busy("Playing the demo"):
        container.table_initializer().create_missing()
        users = UsersStory(container)
        orders = OrdersStory(container, customer_id=users.id_of_ada)
        outbox = OutboxStory(container, lambda: [*users.ids(), orders.id()])
        users.remove_earlier()
        rows = list(play(container, chain(users.steps(), orders.steps(), outbox.steps())))
        return _Played(rows, users.users(), orders.history(), outbox.left())


@contextmanager
def _with_engine(settings: Settings) -> Iterator[Settings]:
    if settings.provider == "memory" or settings.endpoint_url is not None:
        yield settings
        return
    with ExitStack() as resources:
        with busy("Starting MiniStack, a local DynamoDB engine"):
            engine = resources.enter_context(run_ministack())
        yield evolve(settings, endpoint_url=engine.endpoint_url, region=settings.region or _REGION)


def _shown(user: User) -> dict[str, object]:
    return {
        "name": f"{user.first_name} {user.last_name}",
        "email": user.email.value,
        "verified": user.is_email_verified,
        "version": user.version,
    }


def _say(settings: Settings, played: _Played) -> None:
    numbers = ("requests", "read units", "write units")
    say_table(
        f"What was stored, and what it cost ({settings.provider})",
        ("step", "stored", *numbers),
        [
            (r.step, r.stored, r.requests, f"{r.read_units:g}", f"{r.write_units:g}")
            for r in played.rows
        ],
        numbers=numbers,
        caption=_FREE if settings.provider == "memory" else _UNITS,
    )
    say_table(
        "The users afterwards",
        ("name", "e-mail", "verified", "version"),
        [
            (u["name"], u["email"], "yes" if u["verified"] else "no", u["version"])
            for u in map(_shown, played.users)
        ],
        numbers=("version",),
    )
    say_table(
        "The history of Ada's order",
        ("version", "event", "what"),
        [(event.version, event.event, event.what) for event in played.history],
        numbers=("version",),
    )
    say_table(
        "What left the service, in order for each of them",
        ("message", "destination", "of", "version"),
        [(m.message, m.destination, m.of, m.version) for m in played.published],
        numbers=("version",),
    )
