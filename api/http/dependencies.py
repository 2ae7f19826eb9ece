"""What routes ask for: the container of their app."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.container import Container


def container_of(request: Request) -> Container:
    """The container that `create_app` was given, so that two apps in a process do not mix."""
    container: Container = request.app.state.container
    return container


ContainerOf = Annotated[Container, Depends(container_of)]
