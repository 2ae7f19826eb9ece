"""The samples as documents: every unit, manifest and command in them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from infrastructure.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))

SERVICES = ("projectors", "relay", "serve")

_SETTINGS = Settings()
BOUNDS = {
    "projectors": _SETTINGS.projections_stop_seconds,
    "relay": _SETTINGS.relay_stop_seconds,
    "serve": _SETTINGS.http_stop_seconds + _SETTINGS.relay_stop_seconds,
}
"""Seconds that each service may take to stop, by default."""


def unit(path: Path) -> dict[str, list[str]]:
    """The values of each key, whatever its section, in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def resources() -> Iterator[dict[str, Any]]:
    """Every resource of the manifests."""
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text())


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a kind, by the component that they belong to."""
    return {
        str(each["metadata"]["labels"]["app.kubernetes.io/component"]): each
        for each in resources()
        if each["kind"] == kind
    }


def pods() -> dict[str, dict[str, Any]]:
    """What each deployment runs."""
    return {name: each["spec"]["template"]["spec"] for name, each in of_kind("Deployment").items()}


def started_by_units() -> dict[str, list[str]]:
    """The arguments of the command that each unit starts."""
    found = {}
    for path in UNITS:
        (command,) = unit(path)["ExecStart"]
        found[path.stem.removeprefix("dynastrata-")] = shlex.split(command)[1:]
    return found


def started_by_pods() -> dict[str, Sequence[str]]:
    """The arguments that the image's command gets in each deployment."""
    return {name: pod["containers"][0]["args"] for name, pod in pods().items()}
