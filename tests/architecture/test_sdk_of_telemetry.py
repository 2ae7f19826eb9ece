"""The SDK of OpenTelemetry is imported where a setting asks for it, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys

import api.cli.main
import api.lambdas.outbox_relay
from api.bootstrap import start
from api.http.app import create_app
from infrastructure.settings.settings import Settings

container = start(Settings(metrics="{metrics}"))
create_app(container)
container.polling_relay().run_once()
print("opentelemetry.sdk.metrics" in sys.modules)
"""


@pytest.mark.parametrize(("metrics", "imported"), [("off", False), ("emf", True)])
def test_it_is_imported_where_metrics_are_asked_for(metrics: str, imported: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(metrics=metrics)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == (f"{imported}\n", 0), done.stderr
