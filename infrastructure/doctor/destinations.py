"""Whether the places that messages go to are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.doctor.finding import Check, Finding, Level
from infrastructure.settings.checks import option_of, variable
from infrastructure.settings.destination import Destination
from infrastructure.settings.settings import DESTINATION

_Look = Callable[[Any, str], object]

_LOOKS: Mapping[str, tuple[str, str, _Look]] = {
    "sqs": (
        "sqs",
        "sqs:GetQueueAttributes",
        lambda client, url: client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]),
    ),
    "sns": (
        "sns",
        "sns:GetTopicAttributes",
        lambda client, arn: client.get_topic_attributes(TopicArn=arn),
    ),
    "eventbridge": (
        "events",
        "events:DescribeEventBus",
        lambda client, name: client.describe_event_bus(Name=name),
    ),
}
"""By kind of destination: the service, the permission that a look needs, and the look."""

_DENIED = (401, 403)


@frozen(kw_only=True)
class DestinationCheck(Check):
    """The destination of one logical name. `clients` makes a client of a service of AWS."""

    logical: str
    destination: Destination
    clients: Callable[[str], Any]
    is_deployed: bool

    @property
    def name(self) -> str:
        """See `Check`."""
        return f"destination {self.logical}"

    def run(self) -> Iterator[Finding]:
        """See `Check`."""
        yield self._remote() if self.destination.kind in _LOOKS else self._local()

    def _local(self) -> Finding:
        if not self.is_deployed:
            return Finding(self.name, Level.OK, f"{self.destination} is in this process")
        found = f"{self.destination} loses messages, so relays refuse it here"
        return Finding(
            self.name, Level.FAULT, found, f"name a queue, topic or bus: {self._variable}"
        )

    def _remote(self) -> Finding:
        service, permission, look = _LOOKS[self.destination.kind]
        try:
            look(self.clients(service), self.destination.address)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status in _DENIED or code.startswith("AccessDenied"):
                found = f"{self.destination} may not be looked at ({code})"
                return Finding(self.name, Level.WARNING, found, f"permit {permission} to see it")
            return self._fault(code)
        except BotoCoreError as error:
            return self._fault(type(error).__name__)
        return Finding(self.name, Level.OK, f"{self.destination} is there")

    def _fault(self, reason: str) -> Finding:
        found = f"{self.destination} does not answer as it should: {reason}"
        advice = f"see that it is there, or correct {self._variable}"
        return Finding(self.name, Level.FAULT, found, advice)

    @property
    def _variable(self) -> str:
        return variable(option_of(self.logical, DESTINATION))
