"""`dynastrata doctor`: what the service needs, and what of it is missing."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from attrs import asdict

from api.bootstrap import start
from api.cli.failing import ExitCode
from api.cli.output import AsJson, busy, say, say_json
from infrastructure.doctor.finding import Finding, Level
from infrastructure.settings.settings import SettingsError


def doctor(*, as_json: AsJson = False) -> None:
    """Look at everything that the service needs, change nothing, and say what to do.

    Credentials, region, clock, tables, what the engine can do, blobs, destinations. Exits with 3 if
    there is a fault.
    """
    with busy("Looking"):
        findings = list(_findings())
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            advice = f" -> {finding.advice}" if finding.advice else ""
            say(f"{finding.level:<8}{finding.check}: {finding.found}{advice}")
    if any(finding.level is Level.FAULT for finding in findings):
        raise typer.Exit(ExitCode.DRIFT)


def _findings() -> Iterator[Finding]:
    try:
        container = start()
        settings, found = container.settings(), container.doctor()
    except SettingsError as error:
        yield Finding("settings", Level.FAULT, str(error), "correct what is named")
        return
    yield Finding("settings", Level.OK, f"those of {settings.environment} are in order")
    if not found.checks:
        yield Finding("store", Level.OK, "the provider memory needs nothing that could be missing")
    yield from found.examine()
