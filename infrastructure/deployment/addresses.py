"""Queues, topics and buses by their parts, and the names that AWS has for resources."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from attrs import frozen

from infrastructure.settings.destination import Destination

Service = Literal["sqs", "sns", "events"]

_REGION_OF_QUEUE = re.compile(
    r"(?:sqs\.(?P<new>[a-z0-9-]+)|(?P<old>[a-z0-9-]+)\.queue)\.amazonaws\."
)
_ACCOUNT = re.compile(r"\d{12}")


@frozen(kw_only=True)
class Place:
    """Where resources are. `*` is every region, or every account."""

    partition: str = "aws"
    region: str = "*"
    account: str = "*"

    def arn(self, service: str, resource: str) -> str:
        """The name of a resource that is here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket(self, name: str) -> str:
        """The name of a bucket, which is in no region and no account."""
        return f"arn:{self.partition}:s3:::{name}"


@frozen(kw_only=True)
class Address:
    """A queue, topic or bus. None for the region or the account: that of the service itself."""

    service: Service
    name: str
    region: str | None = None
    account: str | None = None

    @property
    def is_fifo(self) -> bool:
        """Whether the queue or the topic keeps the order of messages."""
        return self.name.endswith(".fifo")

    def arn(self, place: Place) -> str:
        """Its name, for a service that is at this place."""
        resource = f"event-bus/{self.name}" if self.service == "events" else self.name
        region, account = self.region or place.region, self.account or place.account
        return f"arn:{place.partition}:{self.service}:{region}:{account}:{resource}"


def address_of(destination: Destination) -> Address | None:
    """The queue, topic or bus of a destination; None for what is none."""
    match destination.kind:
        case "sqs":
            return _queue(destination.address)
        case "sns":
            return _of_arn("sns", destination.address)
        case "eventbridge" if destination.address.startswith("arn:"):
            return _of_arn("events", destination.address)
        case "eventbridge":
            return Address(service="events", name=destination.address)
        case _:
            return None


def _queue(url: str) -> Address:
    parts = urlsplit(url)
    *_, account, name = parts.path.split("/")
    region = _REGION_OF_QUEUE.match(parts.netloc)
    return Address(
        service="sqs",
        name=name,
        region=(region["new"] or region["old"]) if region else None,
        account=account if _ACCOUNT.fullmatch(account) else None,
    )


def _of_arn(service: Service, arn: str) -> Address:
    _, _, _, region, account, resource = arn.split(":")
    name = resource.removeprefix("event-bus/")
    return Address(service=service, name=name, region=region, account=account)
