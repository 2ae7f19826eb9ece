"""The memory provider needs neither the SDK of AWS nor PynamoDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "pynamodb"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Refusing())

import api.cli.main
from api.bootstrap import start
from api.http.app import create_app
from infrastructure.settings.settings import Settings

container = start(Settings(destinations={"users": "memory:"}))
create_app(container)
user = container.register_user()(
    first_name="Ada", last_name="Byron", email="ada@example.com", password="correct horse battery"
)
container.stream_relay()
container.polling_relay().run_once()
with container.subscriptions().subscribe("reader", api.cli.events.Start.BEGINNING):
    pass
print(container.get_user()(user.id).version, len(container.memory_publisher().published))
"""


def test_it_works_where_these_cannot_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout == "1 1\n", done.stderr
