"""What a setting may be, and the error when it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, get_args
from urllib.parse import urlsplit

from attrs import Attribute, frozen

from domain.errors import DynastrataError, InvalidValue
from infrastructure.settings.destination import Destination

SettingCheck = Callable[[object, "Attribute[Any]", Any], None]
"""An attrs validator that raises `SettingsError`."""

PREFIX = "DYNASTRATA_"
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MAX_WINDOW = 24 * 60 * 60  # seconds
_LOCAL_NAMES = ("localhost", "localhost.localstack.cloud", "host.docker.internal")


@frozen
class SettingsError(DynastrataError):
    """A setting is unknown, of the wrong type, out of range, or refused in production.

    `name` is the variable or key. The value never appears: it may be a secret.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def invalid(name: str, reason: str) -> SettingsError:
    """The error about the value of a known setting, under both names that it goes by."""
    return SettingsError(f"{name} ({variable(name)})", reason)


def within(least: float, most: float) -> SettingCheck:
    """A finite number in this range, both ends included."""

    def check(_: object, attribute: Attribute[Any], value: object) -> None:
        # NaN is in no range: every comparison with it is false.
        if not isinstance(value, int | float) or not least <= value <= most:
            raise invalid(attribute.name, f"must be a number from {least} to {most}")

    return check


def one_of(choices: object) -> SettingCheck:
    """One of the names of a `Literal`."""
    names = get_args(choices)

    def check(_: object, attribute: Attribute[Any], value: object) -> None:
        if value not in names:
            raise invalid(attribute.name, f"must be one of {', '.join(names)}")

    return check


def bytes_at_least(least: int, different: int) -> SettingCheck:
    """A text that is this long in UTF-8, and not the same few bytes over and over."""

    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        found = value.encode("utf-8", "surrogatepass")
        if len(found) < least or len(set(found)) < different:
            reason = f"must have at least {least} bytes, {different} of them different"
            raise invalid(attribute.name, reason)

    return check


def web_address(_: object, attribute: Attribute[Any], value: str) -> None:
    """An http or https address with a host."""
    if _host(value) is None:
        raise invalid(attribute.name, "must be an http:// or https:// address")


def part_of_table_name(_: object, attribute: Attribute[Any], value: str) -> None:
    """Only characters that DynamoDB allows in the name of a table, or nothing."""
    if not value.isascii() or not all(c.isalnum() or c in "_.-" for c in value):
        raise invalid(attribute.name, "may hold letters, digits, '_', '.' and '-'")


def attribute_name(_: object, attribute: Attribute[Any], value: str) -> None:
    """A name for an attribute that is a key; of few characters, so that it needs no quotes."""
    if not _ATTRIBUTE.fullmatch(value):
        raise invalid(attribute.name, "must have 1 to 255 letters, digits, '_', '.' and '-'")


def option_of(name: str, suffix: str) -> str:
    """The setting of a logical name: `tagged_events_table` for `tagged-events`."""
    return name.replace("-", "_") + suffix


def bucket_name(_: object, attribute: Attribute[Any], value: str) -> None:
    """The name of a bucket of S3, or the alias of an access point."""
    if not _BUCKET.fullmatch(value):
        raise invalid(
            attribute.name, "must be the name of a bucket: 3 to 63 small letters, digits, '.', '-'"
        )


def each(suffix: str, check: SettingCheck) -> SettingCheck:
    """A mapping by logical name: each value is one of a setting, see `option_of`."""

    def check_all(settings: object, attribute: Attribute[Any], values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            check(settings, attribute.evolve(name=option_of(name, suffix)), value)

    return check_all


def destination(_: object, attribute: Attribute[Any], value: str) -> None:
    """A place that messages go to, see `Destination`."""
    try:
        Destination.parse(value)
    except InvalidValue as error:
        raise invalid(attribute.name, error.reason) from error


def rate(_: object, attribute: Attribute[Any], value: str) -> None:
    """A number in a time, in the notation of `limits`.

    Without the package where it is the default: its import takes as long as reading all settings.
    """
    if value == attribute.default:
        return
    from limits import parse_many  # noqa: PLC0415 see above

    try:
        (limit,) = parse_many(value)
    except ValueError:
        limit = None
    if limit is None or limit.amount < 1 or not 1 <= limit.get_expiry() <= _MAX_WINDOW:
        raise invalid(attribute.name, "must be a rate within a day, such as '10 per 15 minutes'")


def networks(_: object, attribute: Attribute[Any], value: str) -> None:
    """Addresses and networks with commas between, or nothing. All addresses are no network."""
    try:
        found = [ip_network(each_one.strip()) for each_one in value.split(",") if value]
    except ValueError as error:
        raise invalid(
            attribute.name, "must be addresses or networks (10.0.0.0/16), with commas between"
        ) from error
    if any(network.prefixlen == 0 for network in found):
        raise invalid(attribute.name, "must not be all addresses: then anybody could be anybody")


def is_local(address: str) -> bool:
    """Whether this is no address of AWS: plain http, this machine, or a name without a domain."""
    host = _host(address) or ""
    if not address.lower().startswith("https://") or host in _LOCAL_NAMES:
        return True
    if is_loopback(address) or host.endswith(".local"):
        return True
    return not {".", ":"} & set(host)


def is_loopback(address: str) -> bool:
    """Whether only this machine is reached by it: RFC 1122, 3.2.1.3; RFC 4291, 2.5.3; RFC 6761."""
    host = _host(address) or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None
