"""From settings to destinations and publishers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final

from attrs import evolve, fields

from application.ports.publisher import Publisher
from infrastructure.dynamodb.client import Client, make_client
from infrastructure.messaging.batch_publisher import BatchPublisher, Sender
from infrastructure.messaging.destinations import Destination, Destinations
from infrastructure.messaging.local import LogPublisher, MemoryPublisher
from infrastructure.messaging.senders import BusSender, QueueSender, TopicSender
from infrastructure.setting_checks import variable
from infrastructure.settings import Settings, SettingsError

_SUFFIX = "_destination"
_SLACK = 1.0  # seconds for all that is not waiting for the network

_Clients = Callable[[str], Client]

_SENDERS: Final[Mapping[str, Callable[[_Clients, str], Sender]]] = {
    "sqs": lambda clients, url: QueueSender(clients("sqs"), url),
    "sns": lambda clients, arn: TopicSender(clients("sns"), arn),
    "eventbridge": lambda clients, _: BusSender(clients("events")),
}


def make_destinations(settings: Settings) -> Destinations:
    """The setting `users_destination` says where what goes to the destination `users` goes.

    So it is with every setting of such a name.
    """
    names = [attribute.name for attribute in fields(Settings)]
    return Destinations(
        {
            name.removesuffix(_SUFFIX): Destination.parse(getattr(settings, name))
            for name in names
            if name.endswith(_SUFFIX)
        }
    )


def make_publishers(
    settings: Settings, memory: MemoryPublisher | None = None
) -> Mapping[str, Publisher]:
    """A publisher for every destination, under its logical name.

    `memory` takes the messages of all destinations that are `memory:`. Destinations of one service
    share a client, and a service that none uses gets none. Raises `SettingsError` where a client is
    needed and no region is set, and in production for what is neither queue, topic nor bus.
    """
    clients = cache(partial(make_client, _of_messaging(settings)))
    local: dict[str, Publisher] = {"log": LogPublisher(), "memory": memory or MemoryPublisher()}
    timeout = settings.connect_timeout_seconds + settings.read_timeout_seconds + _SLACK

    def publisher(name: str, destination: Destination) -> Publisher:
        if destination.format is None:
            if settings.is_production:
                raise SettingsError(
                    name + _SUFFIX,
                    f"{destination} loses messages in production: name a queue, topic or bus by "
                    f"{variable(name + _SUFFIX)}",
                )
            return local[destination.kind]
        sender = _SENDERS[destination.kind](clients, destination.address)
        return BatchPublisher(format=destination.format, sender=sender, timeout=timeout)

    by_name = make_destinations(settings).by_name
    return {name: publisher(name, destination) for name, destination in by_name.items()}


def _of_messaging(settings: Settings) -> Settings:
    # A local engine has all services at one address; any other address is that of DynamoDB alone.
    return settings if settings.uses_local_engine else evolve(settings, endpoint_url=None)
