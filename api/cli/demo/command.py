"""`dynastrata demo`: the main job on either provider, with what it stored and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import asdict, evolve, frozen

from api.bootstrap import read_settings, start
from api.cli.contexts import CONTEXTS
from api.cli.demo.outbox import OutboxStory
from api.cli.demo.story import Row, StoryResult, play
from api.cli.output import AsJson, busy, say_json, say_table
from infrastructure.settings.settings import Settings, SettingsError

if TYPE_CHECKING:
    from api.container import Container

_FREE = "The memory provider sends no requests."
_UNITS = "In capacity units. A refused write costs some too, which no engine reports."
_REGION = "us-east-1"  # any will do: the engine is on this machine


class ProviderOption(StrEnum):
    """Where the demo stores what it plays."""

    MEMORY = "memory"
    DYNAMODB = "dynamodb"


def demo(
    *,
    provider: Annotated[
        ProviderOption | None,
        typer.Option(help="Instead of DYNASTRATA_PROVIDER.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Do what the service is for, once: show what was stored, and what it cost.

    With dynamodb it starts a local engine of its own, which needs no Docker, unless
    DYNASTRATA_ENDPOINT_URL is set: then it creates the missing tables there, removes the users that
    an earlier demo left, and leaves its own. Both providers end with the same users and events.
    """
    settings = read_settings()
    if settings.is_deployed:
        raise SettingsError("environment", f"the demo does not run in {settings.environment}")
    settings = evolve(settings, destinations=dict.fromkeys(settings.destinations, "memory:"))
    if provider is not None:
        settings = evolve(settings, provider=provider.value)
    with _with_engine(settings) as settings:
        played = _play(start(settings))
    if as_json:
        say_json(
            {
                "steps": [asdict(row) for row in played.rows],
                **{result.name: result.rows for result in played.results},
            }
        )
    else:
        _say(settings, played)


@frozen
class _Played:
    rows: list[Row]
    results: list[StoryResult]


def _play(container: Container) -> _Played:
    with busy("Playing the demo"):
        container.table_initializer().create_missing()
        of_contexts = [each.story(container) for each in CONTEXTS if each.story is not None]
        stories = [*of_contexts, OutboxStory(container, of_contexts)]
        for story in stories:
            story.prepare()
        rows = list(play(container, chain.from_iterable(story.steps() for story in stories)))
        return _Played(rows, [story.result() for story in stories])


@contextmanager
def _with_engine(settings: Settings) -> Iterator[Settings]:
    if settings.provider == "memory" or settings.endpoint_url is not None:
        yield settings
        return
    with ExitStack() as resources:
        with busy("Starting MiniStack, a local DynamoDB engine"):
            from infrastructure.engines import run_ministack  # noqa: PLC0415 for the demo alone

            engine = resources.enter_context(run_ministack())
        yield evolve(settings, endpoint_url=engine.endpoint_url, region=settings.region or _REGION)


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
    for result in filter(lambda result: result.rows, played.results):
        say_table(
            result.title,
            tuple(result.rows[0]),
            [tuple(map(_cell, row.values())) for row in result.rows],
            numbers=("version",),
        )


def _cell(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value
