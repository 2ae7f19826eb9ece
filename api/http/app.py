"""The HTTP application."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api.container import Container
from api.contexts import CONTEXTS
from api.http import error_handlers, health, openapi
from api.http.middleware import BodyLimit, Correlation
from api.http.problems import KINDS, ProblemTable

MAX_BODY = 256 * 1024
"""Bytes. The largest body that makes sense here is an order of a hundred lines."""


def create_app(container: Container) -> FastAPI:
    """The API over one container. Documentation is at `/docs`."""
    app = FastAPI(
        title="Dynastrata", version=version("dynastrata"), redoc_url=None, redirect_slashes=False
    )
    app.state.container = container
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY)
    app.add_middleware(Correlation, ids=container.ids)
    problems = dict(KINDS)
    for context in CONTEXTS:
        problems |= context.problems
    error_handlers.install(app, ProblemTable(problems))
    openapi.describe(app)
    for router in (router for context in CONTEXTS for router in context.routers):
        app.include_router(router)
    app.include_router(health.router)
    return app
