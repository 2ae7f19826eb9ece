"""Problem documents in the description of the API."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from api.http.error_handlers import MEDIA_TYPE

_FIRST_ERROR = 400


class FieldError(BaseModel):
    """What is wrong with one field, parameter or header."""

    field: str
    reason: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:dynastrata:problem:email-already-registered"])
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = Field(
        default=None, description="With 400, 409 and 422: the fields that are wrong."
    )
    expected_version: int | None = Field(
        default=None, description="With 409 and 412: the version that the change was decided on."
    )
    actual_version: int | None = Field(
        default=None, description="With 409 and 412: the version found; null where it is gone."
    )
    may_have_been_applied: bool | None = Field(
        default=None,
        description="With 503: read the resource and compare before you send it again.",
    )
    commit_id: str | None = None


Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """The documentation of a route that answers with these errors, and rarely with others."""
    documented: Responses = {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }
    return {**documented, "default": {"model": Problem, "description": "Any other error"}}


def describe(app: FastAPI) -> None:
    """Gives errors their media type in the description, which FastAPI has only one of."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            for content in _contents_of_errors(schema):
                content[MEDIA_TYPE] = content.pop("application/json")
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _contents_of_errors(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status == "default" or int(status) >= _FIRST_ERROR:
                    yield response["content"]
