"""A command imports what it needs: the rest would be most of its start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WEB = {"fastapi", "pydantic", "starlette", "uvicorn", "werkzeug"}
AWS = {"boto3", "botocore", "pynamodb"}
MIGRATION = {"pymysql", "sqlalchemy", "sqlglot", "pyspark"}
TELEMETRY = {"opentelemetry.sdk"}
STORE = {"cattrs", "dependency_injector", "msgspec", "opentelemetry", "structlog"}
RARE = {"boto3", "deprecated", "jwt", "limits", "s3transfer", "wrapt"}
"""Nothing of these is needed to read and write on DynamoDB."""

LOOKED_FOR = {"rich", "yaml"}
"""What others import where it is installed."""

HELP = "import api.cli.main"
MEMORY = """
from api.bootstrap import start
from infrastructure.settings.settings import Settings
start(Settings()).unit_of_work()
"""
DYNAMODB = """
from api.bootstrap import start
from infrastructure.settings.settings import Settings
here = "http://127.0.0.1:1"
start(Settings(provider="dynamodb", region="eu-central-1", endpoint_url=here)).unit_of_work()
"""
SERVICE = f"{MEMORY}\nfrom api.http.app import create_app\ncreate_app(start(Settings()))"


@pytest.mark.parametrize(
    ("script", "left_out"),
    [
        (HELP, WEB | AWS | MIGRATION | TELEMETRY | STORE | RARE),
        (MEMORY, WEB | AWS | MIGRATION | TELEMETRY | RARE | LOOKED_FOR),
        (DYNAMODB, WEB | MIGRATION | TELEMETRY | RARE | LOOKED_FOR),
        (SERVICE, AWS | MIGRATION | TELEMETRY | RARE | {"uvicorn"}),
    ],
    ids=["help", "memory", "dynamodb", "service"],
)
def test_what_is_not_needed_is_not_imported(script: str, left_out: set[str]) -> None:
    tell = f"{script}\nimport sys\nprint(sorted({left_out} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
