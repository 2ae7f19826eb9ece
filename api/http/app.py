"""The HTTP application."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api.container import Container
from api.http import error_handlers, health, openapi, orders, sessions, users
from api.http.body_limit import BodyLimit
from api.http.correlation import Correlation

LARGEST_BODY = 256 * 1024
"""Bytes. The largest body that makes sense here is an order of a hundred lines."""


def create_app(container: Container) -> FastAPI:
    """The API over one container. Documentation is at `/docs`."""
    app = FastAPI(
        title="Dynastrata", version=version("dynastrata"), redoc_url=None, redirect_slashes=False
    )
    app.state.container = container
    app.add_middleware(BodyLimit, most_bytes=LARGEST_BODY)
    app.add_middleware(Correlation, new_id=lambda: container.ids().new_id())
    error_handlers.install(app)
    openapi.describe(app)
    for resource in (users, sessions, orders, health):
        app.include_router(resource.router)
    return app
