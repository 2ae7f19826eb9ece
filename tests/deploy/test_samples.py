"""The samples name commands, files and bounds that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from api.cli.main import app
from infrastructure.contexts.registered import REGISTERED
from infrastructure.settings.checks import option_of, variable
from infrastructure.settings.settings import DESTINATION, Settings, load_settings
from tests.deploy.samples import (
    BOUNDS,
    DEPLOY,
    DOCKERFILE,
    ROOT,
    SERVICES,
    UNITS,
    of_kind,
    pods,
    resources,
    started_by_pods,
    started_by_units,
    unit,
)
from tests.deployed import OWN_KEY

SAMPLE_DESTINATIONS = {"users", "orders", "courses"}

each_service = pytest.mark.parametrize("service", SERVICES)


def parse(arguments: Sequence[str]) -> str:
    """The command that these arguments name. Raises a `click.UsageError` for others."""
    command = typer.main.get_command(app)
    left, name = list(arguments), "dynastrata"
    context = None
    while isinstance(command, TyperGroup):
        context = command.make_context(name, left, parent=context)
        found, resolved, left = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert resolved is not None
        name, command = found or "", resolved
    command.make_context(name, left, parent=context)
    return name


def instructions(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, each time."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    return [m[1] for m in re.finditer(rf"^{name} +(.*)$", text, re.MULTILINE)]


def test_every_service_has_a_unit_and_manifests() -> None:
    assert set(started_by_units()) == set(SERVICES)
    for kind in ("Deployment", "ServiceAccount", "PodDisruptionBudget"):
        assert set(of_kind(kind)) == set(SERVICES)


@each_service
def test_commands_and_their_options_exist(service: str) -> None:
    names = {"serve": "serve", "relay": "relay", "projectors": "run"}
    for arguments in (started_by_units()[service], started_by_pods()[service]):
        assert parse(arguments) == names[service]


def test_command_of_the_image_exists() -> None:
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    assert json.loads(entry) == ["dynastrata"]
    assert parse(json.loads(command)) == "serve"


@each_service
def test_stopping_is_given_more_time_than_the_service_takes_by_default(service: str) -> None:
    (stop,) = unit(DEPLOY / "systemd" / f"dynastrata-{service}.service")["TimeoutStopSec"]
    assert float(stop) > BOUNDS[service]

    pod = pods()[service]
    (container,) = pod["containers"]
    hook = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command")
    pause = float(hook[1]) if hook else 0.0
    assert pod["terminationGracePeriodSeconds"] > pause + BOUNDS[service]


@each_service
def test_wrong_settings_are_not_tried_again_and_failures_are(service: str) -> None:
    keys = unit(DEPLOY / "systemd" / f"dynastrata-{service}.service")
    assert (keys["Restart"], keys["RestartPreventExitStatus"]) == (["on-failure"], ["2"])


@pytest.mark.parametrize("service", ["relay", "projectors"])
def test_health_file_is_where_it_may_be_written_and_is_looked_for(service: str) -> None:
    keys = unit(DEPLOY / "systemd" / f"dynastrata-{service}.service")
    folder = f"%t/{keys['RuntimeDirectory'][0]}"
    assert started_by_units()[service][-2:] == ["--health-file", f"{folder}/health"]

    pod = pods()[service]
    (container,) = pod["containers"]
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    flag, path = container["args"][-2:]
    assert (flag, path) == ("--health-file", f"{mount['mountPath']}/health")
    for probe in ("livenessProbe", "readinessProbe"):
        assert f"find {path} " in container[probe]["exec"]["command"][-1]


def test_probes_of_the_api_ask_what_there_is(http_paths: set[str]) -> None:
    (container,) = pods()["serve"]["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in http_paths
    (check,) = instructions("HEALTHCHECK")
    assert f"127.0.0.1:{Settings().http_port}/health" in check
    assert container["ports"][0]["containerPort"] == Settings().http_port


@pytest.fixture
def http_paths() -> set[str]:
    """The paths of the API without parameters."""
    from api.container import build_container  # noqa: PLC0415 only this needs it
    from api.http.app import create_app  # noqa: PLC0415 as above

    return set(create_app(build_container(Settings())).openapi()["paths"])


@each_service
def test_pods_run_as_nobody_in_particular_and_write_nowhere(service: str) -> None:
    pod = pods()[service]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    (user,) = instructions("USER")
    assert user == f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}


@each_service
def test_what_belongs_together_bears_the_same_labels(service: str) -> None:
    deployment = of_kind("Deployment")[service]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("PodDisruptionBudget")[service]["spec"]["selector"]["matchLabels"] == labels
    account = of_kind("ServiceAccount")[service]["metadata"]
    assert pods()[service]["serviceAccountName"] == account["name"]


def test_settings_of_the_samples_are_those_of_a_service_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (configuration,) = [each for each in resources() if each["kind"] == "ConfigMap"]
    monkeypatch.setenv("DYNASTRATA_ENVIRONMENT", "production")
    monkeypatch.setenv("DYNASTRATA_SIGNING_KEY", OWN_KEY)
    declared = REGISTERED.integration_events.destinations
    of_others = {variable(option_of(name, DESTINATION)) for name in SAMPLE_DESTINATIONS - declared}
    for name, value in configuration["data"].items():
        if name not in of_others:  # of sample contexts that a service has removed
            monkeypatch.setenv(name, value)

    settings = load_settings(tables=REGISTERED.tables, destinations=declared)

    assert settings.is_production
    named = [settings.destination(name).kind for name in SAMPLE_DESTINATIONS & declared]
    assert not {"log", "memory"} & set(named)


def test_image_has_what_it_is_made_of_and_nothing_unpinned() -> None:
    copied = chain.from_iterable(
        each.split()[:-1] for each in instructions("COPY") if not each.startswith("--from")
    )
    assert all((ROOT / path).exists() for path in copied)
    installs = [each for each in DOCKERFILE.read_text().split("&&") if "pip install" in each]
    assert installs
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_image_comes_from_no_registry_in_particular() -> None:
    bases = [each.split()[0] for each in instructions("FROM")]
    assert set(bases) == {"python:3.12-slim"}
    images = [pod["containers"][0]["image"] for pod in pods().values()]
    assert all("/" not in image for image in images)


def test_what_builds_is_pinned_as_for_development() -> None:
    def pinned(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line}

    assert pinned("build.txt") <= pinned("development.txt")


def test_units_differ_only_in_what_they_start() -> None:
    def hardening(path: Path) -> str:
        return path.read_text().partition("\n# What it may do")[2]

    assert len({hardening(path) for path in UNITS}) == 1
