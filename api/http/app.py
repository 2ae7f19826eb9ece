"""The HTTP application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from importlib.metadata import version

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from api.container import Container
from api.http import error_handlers, health, openapi
from api.http.contexts import CONTEXTS
from api.http.documentation import DESCRIPTION, DOCS, policy_of_docs
from api.http.framing import Framing
from api.http.idempotency import AtWork
from api.http.middleware import BodyLimit, Correlation, Security
from api.http.pool import Pool, in_pool
from api.http.problems import KINDS, ProblemTable
from infrastructure.outbox.relays import PollingRelay
from infrastructure.settings.settings import Settings
from infrastructure.system.work import beside
from infrastructure.telemetry.telemetry import Telemetry

_TITLE = "Dynastrata"

MAX_BODY = 256 * 1024
"""Bytes. The largest body that makes sense here is an order of a hundred lines."""


def create_app(container: Container, *, relay: PollingRelay | None = None) -> FastAPI:
    """The API over one container. Documentation is at `/docs`, where the settings open it.

    A relay works beside it from its start to its end, and `/ready` tells when it does not. Raises
    `SettingsError` for a setting that its routes could not work by.
    """
    for name in (name for context in CONTEXTS for name in context.needs):
        container.providers[name]()
    telemetry: Telemetry = container.telemetry()
    settings: Settings = container.settings()
    has_docs = settings.http_docs or not settings.is_deployed
    app = FastAPI(
        routes=_routes(),
        title=_TITLE,
        version=version("dynastrata"),
        openapi_url=DESCRIPTION if has_docs else None,
        docs_url=DOCS,
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={
            "tracer_provider": telemetry.tracer_provider,
            "meter_provider": telemetry.meter_provider,
            "logs": False,  # they quote what was sent
        },
    )
    app.state.container = container
    app.state.relay = relay
    app.state.at_work = AtWork()
    app.state.pool = Pool(
        threads=settings.http_threads,
        most_waiting=settings.http_waiting,
        wait_seconds=settings.http_wait_seconds,
    )
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY)
    app.add_middleware(Framing)
    app.add_middleware(Correlation, ids=container.ids)
    app.add_middleware(Security, policies={DOCS: policy_of_docs(_TITLE)} if has_docs else {})
    problems = dict(KINDS)
    for context in CONTEXTS:
        problems |= context.problems
    routers = [health.router, *(router for context in CONTEXTS for router in context.routers)]
    routes = [route for router in routers for route in router.routes]
    error_handlers.install(app, ProblemTable(problems), routes)
    openapi.describe(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    # FastAPI builds what is included when it is first asked. That takes long: once for all apps.
    included = APIRouter()
    included.include_router(health.router)
    for context in CONTEXTS:
        for router in context.routers:
            included.include_router(router, dependencies=[in_pool])
    return included.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    pool: Pool = app.state.pool
    # Whoever has a place in the pool has a thread.
    current_default_thread_limiter().total_tokens = pool.threads
    relay: PollingRelay | None = app.state.relay
    seconds: float = app.state.container.settings().relay_stop_seconds
    with nullcontext() if relay is None else beside(relay, relay.run, seconds):
        yield
