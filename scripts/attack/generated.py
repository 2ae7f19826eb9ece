"""Generated requests: by nobody, by a user and by the administrator.

Schemathesis makes them of the API's description, such as fit it and such as do not, and follows
what answers lead to. All its checks are on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import schemathesis
from schemathesis import HookContext, Response
from schemathesis.engine import events, from_schema

from scripts.attack.callers import Caller, administrator, user
from scripts.attack.description import differences, schema_of
from scripts.attack.live import IF_MATCH, Live, Request, SignedIn
from scripts.attack.report import Report
from scripts.attack.service import Service
from scripts.attack.targets import Targets

UNREACHED = "no request got through"
CALLERS = ("nobody", "a user", "the administrator")


def attack(service: Service, who: str, *, seed: int, examples: int, **config: object) -> Report:
    """What one of the callers finds, with so many examples of each operation and kind.

    `config` is more of the configuration of Schemathesis.
    """
    report = Report(f"generated requests by {who}")
    with service.client() as api:
        live = _live(api, who, report, Random(seed))  # noqa: S311 to be repeated, not secret
        description = api.get("/openapi.json").json()
        config = {**config, "base-url": service.address}
        schema = schema_of(description, seed=seed, examples=examples, **config)
        if live.signed_in is not None:
            live.signed_in.of(schema)
        with _hooked(live):
            for happened in from_schema(schema).execute():
                _note(report, happened)
        if live.targets.caller is not None:
            for operation in _conditional(description) - live.changed:
                report.find(f"{operation}: {UNREACHED}")
    for traceback in service.tracebacks():
        report.find("an error that nobody handled", traceback)
    return report


def _live(api: httpx.Client, who: str, report: Report, random: Random) -> Live:
    admin, other = administrator(api), user(api)
    callers: dict[str, Caller | None] = {"nobody": None, "the administrator": admin}
    caller = callers[who] if who in callers else user(api)
    paths = api.get("/openapi.json").json()["paths"]
    signed_in = None if caller is None else SignedIn(caller)
    return Live(Targets(caller, other, admin, random), paths, report, random, signed_in)


@contextmanager
def _hooked(live: Live) -> Iterator[None]:
    # Hooks before a call are for all schemas of a process, so they end with the block.
    def before_call(context: HookContext, case: Request, kwargs: dict[str, Any]) -> None:
        live.before(context, case, kwargs)

    def after_call(context: HookContext, case: Request, response: Response) -> None:
        live.after(context, case, response)

    for hook in (before_call, after_call):
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in (before_call, after_call):
            schemathesis.hooks.unregister(hook)


def _note(report: Report, happened: events.EngineEvent) -> None:
    if isinstance(happened, events.ScenarioFinished):
        for interaction in happened.recorder.interactions.values():
            answer = interaction.response
            report.count(None if answer is None else answer.status_code)
    for difference in differences(happened):
        report.find(f"{difference.operation}: {difference.what}", difference.sample)


def _conditional(description: dict[str, Any]) -> set[str]:
    """The operations that take an entity tag."""
    return {
        f"{verb.upper()} {path}"
        for path, verbs in description["paths"].items()
        for verb, operation in verbs.items()
        if any(each["name"] == IF_MATCH.lower() for each in operation.get("parameters", ()))
    }
