"""The memory provider needs neither the SDK of AWS nor PynamoDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WITHOUT_THEM = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "pynamodb"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Refusing())

import api.cli.main
from api.bootstrap import start
from api.container import Container
from api.http.app import create_app
from infrastructure.settings.settings import Settings
"""

SCRIPT = """
from tests.samples.contexts import SAMPLES
from tests.samples.people import new_person

Container.contexts.override(SAMPLES)
container = start(Settings(destinations={"people": "memory:"}))
create_app(container)
with container.unit_of_work() as unit:
    unit.people.add(new_person(id="ada"))
    unit.commit()
container.offload().put("roster/1", b"state")
container.stream_relay()
container.polling_relay().run_once()
with container.subscriptions().subscribe("reader", api.cli.events.Start.BEGINNING):
    pass
with container.unit_of_work() as unit:
    print(unit.people.get("ada").version, len(container.memory_publisher().published))
"""


def alone(script: str) -> str:
    """What a script prints where these cannot be imported; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THEM + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_works_where_these_cannot_be_imported() -> None:
    assert alone(SCRIPT) == "1 1\n"
