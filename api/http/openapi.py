"""What the description of the API says of answers: their headers, and errors as problem documents.

What follows from a request's form is added here, so that no route has to say it.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from api.http.dependencies import TAG
from api.http.error_handlers import MEDIA_TYPE
from api.http.middleware import CORRELATION_ID, HEADER

_FIRST_ERROR = 400
_OF_A_BODY = (400, 413, 422)
_OF_EVERY_ROUTE = (500, 503)


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


def answers(status: int, *headers: str) -> Responses:
    """The documentation of a route that answers so, each time with these headers."""
    return {status: {"description": HTTPStatus(status).phrase, "headers": _refer_to(*headers)}}


def problems(*statuses: int) -> Responses:
    """The documentation of a route that answers with these errors, and rarely with others.

    What every body may lead to, and what every route may, need not be named.
    """
    documented: Responses = {
        status: {"model": Problem, "description": HTTPStatus(status).phrase}
        for status in (*statuses, *_OF_EVERY_ROUTE)
    }
    return {**documented, "default": {"model": Problem, "description": "Any other error"}}


def describe(app: FastAPI) -> None:
    """Makes the description say what FastAPI cannot know, such as the media type of errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            schema["components"]["headers"] = _HEADERS
            for operation in _operations_of(schema):
                _complete(operation)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _operations_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from path.values()


def _complete(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "requestBody" in operation:
        for status in _OF_A_BODY:
            responses.setdefault(str(status), {"description": HTTPStatus(status).phrase})
    for status, response in responses.items():
        if status == "default" or int(status) >= _FIRST_ERROR:
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
        headers = _refer_to(HEADER, "Cache-Control", *_HEADERS_OF.get(status, ()))
        response["headers"] = {**response.get("headers", {}), **headers}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "if-match":
            parameter["required"] = "428" in responses


def _refer_to(*headers: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


def _header(description: str, *, required: bool = True, **schema: object) -> dict[str, object]:
    return {"description": description, "required": required, "schema": schema}


_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}

_HEADERS_OF = {
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}

_HEADERS = {
    "ETag": _header("The version. Send it as If-Match.", type="string", pattern=f"^{TAG}$"),
    "Location": _header("Where what was made is.", type="string", format="uri-reference"),
    "Cache-Control": _header("No cache may keep an answer.", type="string", const="no-store"),
    "WWW-Authenticate": _header("How to sign in.", type="string", const="Bearer"),
    "Retry-After": _header(
        "Seconds. Missing where a second try might do the same again.",
        required=False,
        type="integer",
    ),
    HEADER: _header(
        "The id that the request sent, or one that was made for it; logs and events have it too.",
        type="string",
        pattern=f"^{CORRELATION_ID.pattern}$",
    ),
}
