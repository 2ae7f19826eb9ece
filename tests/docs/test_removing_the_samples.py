"""The service without the samples: removed in a copy as the guide says, started, and tested."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import test_adding_an_aggregate as adding
from tests.docs.removing import remove_what_is_gone
from tests.markdown import GUIDES, table

GUIDE = GUIDES / "getting-started.md"
SHARED = (
    "application/ports/unit_of_work.py",
    "infrastructure/contexts/registered.py",
    "api/container.py",
    "api/http/contexts.py",
    "api/cli/contexts.py",
)
SEEDING = ("scripts/setup-localstack.sh", "scripts/setup-localstack.ps1")
LEFT = ("domain", "application", "infrastructure", "api", "scripts", "tests")
KERNEL = (
    *(
        f"tests/architecture/test_{name}.py"
        for name in ("contexts", "kernel_suites", "memory_alone")
    ),
    *(f"tests/contract/test_{name}.py" for name in ("event_store", "inbox", "unit_of_work")),
    "tests/integration/test_docker_compose.py",
    "tests/property/test_mapping.py",
    "tests/relay/test_poison_messages.py",
    "tests/relaying",
    "tests/subscription/test_stored_formats.py",
    *(f"tests/unit/test_{name}.py" for name in ("bootstrap", "contexts", "settings")),
    "tests/unit/messaging/test_building.py",
)
"""What is run without the samples: every suite that sees the contexts of the service, or starts
it, and a file of each other kind. What is left out uses neither; types are checked in every file of
the tests, so one that needs a sample is found.
"""

STARTED = """
from api.bootstrap import start
from api.http.app import create_app
from fastapi.testclient import TestClient

client = TestClient(create_app(start()))
print(client.get("/health").json(), client.get("/ready").json())
"""


def own() -> Iterator[str]:
    """What the guide says is the samples' own."""
    for row in table(GUIDE, "6. Remove the samples"):
        yield from re.findall(r"[\w/.-]+", row["its own"])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code from which the samples were removed."""
    copy = adding.copied(tmp_path_factory.mktemp("without-samples"), "docs", "docker-compose.yml")
    for place in own():
        path = copy / place
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for place in SHARED:
        remove_what_is_gone(copy / place, copy)
    for script in SEEDING:
        lines = (copy / script).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not re.search(r"\bseed\b", line)]
        assert len(lines) - len(kept) == 1
        (copy / script).write_text("".join(kept))
    adding.run(copy, "ruff", "check", "-q", "--fix", "--select", "F401,I", *SHARED)
    adding.run(copy, "ruff", "format", "-q", *SHARED)
    return copy


def test_what_is_left_passes_the_checks(copy: Path) -> None:
    adding.run(copy, "ruff", "check", "-q", *LEFT)
    adding.check_types(copy, *LEFT)


def test_what_is_left_starts_and_plays_an_empty_demo(copy: Path) -> None:
    started = adding.run(copy, "-W", "ignore", "-c", STARTED, module=False)
    assert started == "{'status': 'ok'} {'status': 'ready'}\n"
    demo = adding.run(
        copy, "-c", "from api.cli.main import main; main()", "demo", "--json", module=False
    )
    assert '"published": []' in demo


def test_the_kernels_own_tests_stay_green(copy: Path) -> None:
    adding.run(copy, *adding.PYTEST, "-m", "not engine", "-k", "not moto", *KERNEL)
