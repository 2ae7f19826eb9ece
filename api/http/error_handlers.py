"""Turns whatever is raised for a request into a problem document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from structlog.contextvars import bound_contextvars

from api.http.middleware import HEADER, security_headers
from api.http.problems import INTERNAL, ProblemKind, ProblemTable, facts_of, headers_of
from domain.errors import DynastrataError

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:dynastrata:problem:"
_MAX_ERRORS = 20
_SERVER_ERROR = 500
_log: Any = structlog.get_logger()


class ProblemResponse(JSONResponse):
    """A problem document. It is ASCII, so that no text from outside can break its encoding."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        """The JSON text."""
        return json.dumps(content).encode("ascii")


def install(app: FastAPI, table: ProblemTable, routes: Sequence[BaseRoute]) -> None:
    """Makes every error of the app a problem document. `routes` are those of all its routers."""
    app.exception_handler(DynastrataError)(partial(_of_ours, table))
    app.exception_handler(RequestValidationError)(_of_validation)
    app.exception_handler(HTTPException)(partial(_of_http, routes))
    app.exception_handler(Exception)(_of_anything)


async def _of_ours(
    table: ProblemTable, request: Request, error: DynastrataError
) -> ProblemResponse:
    kind = table.kind_of(error, is_conditional="if-match" in request.headers)
    if kind is INTERNAL:
        return await _of_anything(request, error)
    if kind.status == _SERVER_ERROR:
        _log.error(kind.title, method=request.method, path=request.url.path, exc_info=error)
    elif kind.status > _SERVER_ERROR:
        _log.warning(kind.title, method=request.method, path=request.url.path, error=str(error))
    return problem(
        kind, kind.detail or str(error), {**kind.facts, **facts_of(error)}, headers_of(error)
    )


async def _of_anything(request: Request, error: Exception) -> ProblemResponse:
    # This answer is made outside of all middleware, so what that adds is added here.
    correlation_id = request.state.correlation_id
    with bound_contextvars(correlation_id=correlation_id):
        _log.error(INTERNAL.title, method=request.method, path=request.url.path, exc_info=error)
    headers = {**security_headers(request.scope), HEADER: correlation_id}
    return problem(INTERNAL, INTERNAL.detail, {}, headers)


async def _of_http(
    routes: Sequence[BaseRoute], request: Request, error: HTTPException
) -> ProblemResponse:
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_of(request, routes)))
    return problem(ProblemKind(status, "", status.phrase), str(error.detail), {}, headers)


def _methods_of(request: Request, routes: Sequence[BaseRoute]) -> set[str]:
    # Every method has a route of its own, and Starlette names that of the first one alone.
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


async def _of_validation(_: Request, error: RequestValidationError) -> ProblemResponse:
    found = error.errors()
    places = {item["loc"][0] for item in found}
    if "path" in places:
        return problem(ProblemKind(404, "not-found", "Not found"), "There is no such resource.", {})
    if "body" not in places or any(item["type"] == "json_invalid" for item in found):
        kind = ProblemKind(400, "bad-request", "Bad request")
    else:
        kind = ProblemKind(422, "invalid-value", "Invalid value")
    errors = [_field_error(item) for item in found[:_MAX_ERRORS]]
    detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors)
    return problem(kind, detail, {"errors": errors})


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    # Never item["input"]: it may be a password.
    place: Sequence[object] = item["loc"]
    names = [str(part) for part in place[1:] if item["type"] != "json_invalid"]
    return {"field": ".".join(names) or str(place[0]), "reason": item["msg"]}


def problem(
    kind: ProblemKind,
    detail: str,
    facts: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """The answer of this kind, with these facts beside what all of the kind have."""
    content = {
        # What HTTP says by itself needs no type of its own: RFC 9457, section 4.2.1.
        "type": _TYPES + kind.name if kind.name else "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        **facts,
    }
    return ProblemResponse(content, kind.status, {**kind.headers, **(headers or {})})
