"""Lists the files of this project that a request enters, from HTTP to storage.

Run it as `.venv/bin/python -m scripts.trace_requests`: it starts MiniStack, and sends each request
twice, so that what is made once does not count.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from api.container import Container, build_container
from api.http.app import create_app
from infrastructure.engines import run_ministack
from infrastructure.settings.settings import Settings
from infrastructure.system.notifiers import MemoryNotifier

with warnings.catch_warnings():
    # Starlette asks for the successor of httpx, which does the same and is not needed otherwise.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("domain", "application", "infrastructure", "api")

_PASSWORD = "a password to trace with"  # noqa: S105 of a user who lives as long as the script
_LINE = {"sku": "algebra", "quantity": 1}

Files = list[str]


class Tracer:
    """Records which files of the project are entered, in any thread that begins after it."""

    def __init__(self) -> None:
        self._files: set[str] | None = None

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """What `sys.setprofile` calls for every function that is entered."""
        if self._files is not None and event == "call":
            self._files.add(frame.f_code.co_filename)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Traces within the block."""
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def files(self, action: Callable[[], object]) -> Files:
        """The files that the action enters, in order of their paths."""
        self._files = set()
        action()
        entered, self._files = self._files, None
        paths = (Path(file) for file in entered)
        own = (path.relative_to(ROOT) for path in paths if path.is_relative_to(ROOT))
        return sorted(path.as_posix() for path in own if path.parts[0] in LAYERS)


def trace(container: Container) -> Mapping[str, Files]:
    """What reading a user, renaming one, and placing an order enter."""
    container.notifier.override(MemoryNotifier())
    container.table_initializer().create_missing()
    tracer = Tracer()
    with tracer.installed():
        requests = _requests(TestClient(create_app(container)))
        for request in requests.values():
            request()
        return {name: tracer.files(request) for name, request in requests.items()}


def _requests(client: Any) -> Mapping[str, Callable[[], object]]:
    person = {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com"}
    client.post("/users", json={**person, "password": _PASSWORD}).raise_for_status()
    session = client.post("/sessions", json={"email": person["email"], "password": _PASSWORD})
    token = {"Authorization": f"Bearer {session.json()['access_token']}"}
    ada = f"/users/{session.json()['user_id']}"

    def read() -> Any:
        return client.get(ada, headers=token).raise_for_status()

    def rename() -> None:
        change = {"last_name": uuid4().hex}
        headers = {**token, "If-Match": tag[0]}
        tag[0] = client.patch(ada, json=change, headers=headers).raise_for_status().headers["ETag"]

    def place_order() -> None:
        client.post("/orders", json={"lines": [_LINE]}, headers=token).raise_for_status()

    tag = [read().headers["ETag"]]
    return {"read a user": read, "rename a user": rename, "place an order": place_order}


def main() -> None:
    """Prints the files of every request, and how many there are."""
    with run_ministack() as engine:
        settings = Settings(
            provider="dynamodb",
            endpoint_url=engine.endpoint_url,
            region="eu-central-1",
            table_prefix=f"trace-{uuid4().hex[:8]}-",
        )
        traced = trace(build_container(settings))
    for name, files in traced.items():
        print(f"{name}: {len(files)} files")
        for file in files:
            print(f"  {file}")


if __name__ == "__main__":
    main()
