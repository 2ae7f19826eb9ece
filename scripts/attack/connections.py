"""Hundreds of connections that do not behave, while others are served."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

import httpx
from attrs import field, frozen

from scripts.attack.callers import user
from scripts.attack.misbehaving import Ended, behave
from scripts.attack.misbehaviours import (
    HALF_A_BODY,
    MISBEHAVIOURS,
    NEVER_READS,
    SILENT,
    Misbehaviour,
)
from scripts.attack.report import Report
from scripts.attack.service import Service, service

_FEW = 8
"""Connections to a server whose clients read nothing: to fill buffers costs it 0.2 s each."""

_OTHERS = 2
"""Of the connections, kept for who behaves."""

_IDLE_SECONDS = 1
_STOP_SECONDS = 3
_MAIL_SECONDS = 5.0
"""What waiting mail has when the process ends."""

_AT_ONCE = 5.0
"""Seconds within which others are served, on a machine with much else to do."""

_PACE = 0.005
"""Seconds between two connections: of those that come at once the system accepts too few."""

_UNREADABLE = (400, 413, 431, 501, 505)
"""What is answered where the end of a request is not known: nothing may follow."""


@frozen(kw_only=True)
class Attack:
    """On a server that has at most so many connections, and waits so many seconds for a request.

    `store` are the settings of where it stores what it does.
    """

    random: Random
    connections: int = 150
    request_seconds: float = 2.0
    store: dict[str, object] = field(factory=dict)
    report: Report = field(factory=lambda: Report("slow and half-sent requests"), init=False)

    def run(self) -> Report:
        """What is found."""
        idle = [SILENT] * (self.connections - len(MISBEHAVIOURS) - _OTHERS)
        with self._server(self.connections) as attacked:
            asyncio.run(self._hold(attacked, "each kind", [*MISBEHAVIOURS, *idle]))
            too_many = [SILENT] * 3 * self.connections
            asyncio.run(self._hold(attacked, "more than there may be", too_many))
        with self._server(_FEW) as attacked:
            unread = [NEVER_READS] * (_FEW - _OTHERS)
            asyncio.run(self._hold(attacked, "nearly as many as there may be", unread))
            asyncio.run(self._stop(attacked))
        return self.report

    @contextmanager
    def _server(self, connections: int) -> Iterator[Service]:
        bounds = {
            "http_connections": connections,
            "http_request_seconds": self.request_seconds,
            "http_idle_seconds": _IDLE_SECONDS,
            "http_stop_seconds": _STOP_SECONDS,
        }
        with service(**bounds, **self.store) as attacked:
            yield attacked
            for traceback in attacked.tracebacks():
                self.report.find("an error that nobody handled", traceback)

    async def _hold(self, attacked: Service, name: str, group: Sequence[Misbehaviour]) -> None:
        """These do not behave, all at once; until the last one is ended others are served."""
        with attacked.client() as api:
            caller = user(api)
            headers = caller.headers
        behaving = self._behave(attacked, group)
        while not behaving.done():
            for path in ("/health", f"/users/{caller.id}"):
                await self._serve_another(attacked, name, path, headers)
            await asyncio.sleep(0.05)
        for ended in await behaving:
            self._judge(name, ended)

    def _behave(
        self, attacked: Service, group: Sequence[Misbehaviour]
    ) -> asyncio.Future[list[Ended]]:
        bound = self.request_seconds + _IDLE_SECONDS
        return asyncio.gather(
            *(
                behave(attacked.port, who, self.random, bound=bound, after=number * _PACE)
                for number, who in enumerate(group)
            )
        )

    async def _serve_another(
        self, attacked: Service, name: str, path: str, headers: dict[str, str]
    ) -> None:
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=attacked.address, trust_env=False) as api:
            answer = await self._answer(api, path, headers)
        took = time.monotonic() - began
        if answer is None:
            self.report.find(f"{name}: {path} is not answered")
            return
        self.report.count(answer.status_code)
        self.report.expect(answer.is_success, f"{name}: {path} answers {answer.status_code}")
        self.report.expect(took < _AT_ONCE, f"{name}: {path} takes {took:.1f} s")

    async def _answer(
        self, api: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> httpx.Response | None:
        """Who is slow on a busy machine may lose the connection too, and tries again."""
        ends = time.monotonic() + _AT_ONCE
        while time.monotonic() < ends:
            try:
                return await api.get(path, headers=headers, timeout=_AT_ONCE)
            except httpx.TransportError:
                self.report.count(None)
                await asyncio.sleep(_PACE)
        return None

    def _judge(self, name: str, ended: Ended) -> None:
        who, answers, expect = ended.who, ended.answers, self.report.expect
        what = f"{name}: {who.name}"
        expect(ended.by_server, f"{what}: the connection is not ended")
        strange = set(answers) - set(who.answers)
        expect(not strange, f"{what}: answered with {sorted(strange)}")
        refused = [status for status in answers[:-1] if status in _UNREADABLE]
        expect(not refused, f"{what}: more is read after {refused}")
        for status in answers or (None,):
            self.report.count(status)

    async def _stop(self, attacked: Service) -> None:
        """SIGTERM, while some have sent half of a body and others read no answer."""
        held = self._behave(attacked, [SILENT, HALF_A_BODY, NEVER_READS] * (_FEW // 3))
        await asyncio.sleep(self.request_seconds / 4)
        began = time.monotonic()
        code = await asyncio.to_thread(attacked.end, signal.SIGTERM)
        took = time.monotonic() - began
        self.report.expect(code == 0, f"after SIGTERM it ends with {code}")
        bound = _STOP_SECONDS + _MAIL_SECONDS + _AT_ONCE
        self.report.expect(took < bound, f"after SIGTERM it ends within {took:.1f} s")
        for ended in await held:
            self._judge("SIGTERM", ended)
