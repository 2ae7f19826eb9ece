"""The threads in which routes work: so many requests at once, and a bounded number that wait.

Without a bound on those that wait, all of them would be answered late once the store is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, WouldBlock, fail_after
from attrs import field, frozen
from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.http.refusals import Overloaded


@frozen(kw_only=True)
class Pool:
    """So many `threads`, behind which `most_waiting` requests wait for at most `wait_seconds`."""

    threads: int
    most_waiting: int
    wait_seconds: float
    _limiter: CapacityLimiter = field(init=False)

    @_limiter.default
    def _limited(self) -> CapacityLimiter:
        return CapacityLimiter(self.threads)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Within the block the request may use a thread. Raises `Overloaded`."""
        try:
            self._limiter.acquire_nowait()
        except WouldBlock:
            await self._wait()
        try:
            yield
        finally:
            self._limiter.release()

    async def _wait(self) -> None:
        if self._limiter.statistics().tasks_waiting >= self.most_waiting:
            raise Overloaded()
        try:
            with fail_after(self.wait_seconds):
                await self._limiter.acquire()
        except TimeoutError as late:
            raise Overloaded() from late


async def _in_pool(request: Request) -> AsyncIterator[None]:
    # First the body: whoever sends it slowly would hold a place meanwhile.
    try:
        await request.body()
    except ClientDisconnect as gone:
        raise HTTPException(400, "The body did not come whole.") from gone
    pool: Pool = request.app.state.pool
    async with pool.place():
        yield


# Given back before the answer is sent: whoever reads it slowly would hold a place as well.
in_pool = Depends(_in_pool, scope="function")
"""Lets a request pass when it has a thread of the pool. What asks nobody does without."""
