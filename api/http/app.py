"""The HTTP application."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api.container import Container
from api.http import error_handlers, health, openapi, sessions, users
from api.http.body_limit import BodyLimit

LARGEST_BODY = 64 * 1024
"""Bytes. The largest body that makes sense here has some hundred."""


def create_app(container: Container) -> FastAPI:
    """The API over one container. Documentation is at `/docs`."""
    app = FastAPI(
        title="Dynastrata", version=version("dynastrata"), redoc_url=None, redirect_slashes=False
    )
    app.state.container = container
    app.add_middleware(BodyLimit, most_bytes=LARGEST_BODY)
    error_handlers.install(app)
    openapi.describe(app)
    for resource in (users, sessions, health):
        app.include_router(resource.router)
    return app
