"""What routes ask for: their container, where a request comes from, the version it is about.

A resource's version is its entity tag (RFC 9110, section 8.8.3).

All are asynchronous, as they wait for nothing: FastAPI calls the others in a thread, each time.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic.json_schema import SkipJsonSchema

from api.container import Container
from api.http.refusals import BadRequest, PreconditionFailed, PreconditionRequired
from domain.consistency import MAX_VERSION

_IF_MATCH = "If-Match"
_OPAQUE = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
TAG = rf'"[1-9][0-9]{{0,{len(str(MAX_VERSION)) - 1}}}"'
"""How the entity tag of a version looks, as a pattern."""

_ANY_TAG = re.compile(r'(?:W/)?("[^"]*")')


async def container_of(request: Request) -> Container:
    """The container that `create_app` was given, so that two apps in a process do not mix."""
    container: Container = request.app.state.container
    return container


ContainerOf = Annotated[Container, Depends(container_of)]


async def _source(request: Request) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host  # of a Unix socket: a proxy that is not trusted, see `http_trusted_proxies`
    if isinstance(address, IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    # One line of a provider is given at least so much, and takes any address of it.
    return str(mapped or IPv6Network((int(address), 64), strict=False))


SourceOf = Annotated[str, Depends(_source)]
"""Where a request comes from: an IPv4 address, or the network of an IPv6 address (/64).

Behind a proxy it is what the proxy says, if the settings trust it, and the proxy itself otherwise.
"""


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether `If-None-Match` names this version, compared weakly as RFC 9110 asks."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag(version) in _ANY_TAG.findall(if_none_match)


async def _optional(
    if_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            description="The ETag of the version to remove; `*` is any.",
            json_schema_extra={"pattern": rf"^(\*|{TAG})$"},
            examples=[etag(1)],
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    return _version(if_match.strip())


async def _required(
    if_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            description="The ETag of the version that was changed; never `*`.",
            json_schema_extra={"pattern": f"^{TAG}$"},
            examples=[etag(1)],
        ),
    ] = None,
) -> int:
    version = await _optional(if_match)
    if version is None:
        # `*` agrees to overwrite what the client never saw, which is what If-Match is to prevent.
        raise PreconditionRequired()
    return version


def _version(tag: str) -> int:
    if tag.startswith("W/"):
        raise BadRequest(_IF_MATCH, "takes no weak entity tag")
    if not _OPAQUE.fullmatch(tag):
        raise BadRequest(_IF_MATCH, "must be one entity tag in double quotes, as ETag gave it")
    if not re.fullmatch(TAG, tag):
        raise PreconditionFailed()
    return int(tag.strip('"'))


ChangedVersion = Annotated[int, Depends(_required)]
"""The version a change was decided on. Missing or `*`: 428; malformed, weak, a list: 400."""

IfNoneMatch = Annotated[
    str | SkipJsonSchema[None],
    Header(description="The ETags of the versions that are known; `*` is any."),
]

RemovedVersion = Annotated[int | None, Depends(_optional)]
"""The version to remove; None, where the header is missing or `*`, is whatever is there."""
