"""From settings to destinations and publishers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from application.ports.publisher import Publisher
from infrastructure.contexts.context import Contexts
from infrastructure.messaging.batch_publisher import BatchPublisher, Sender
from infrastructure.messaging.destinations import Destinations, format_of
from infrastructure.messaging.guarded_publisher import GuardedPublisher
from infrastructure.messaging.local import LogPublisher, MemoryPublisher
from infrastructure.settings.checks import option_of, variable
from infrastructure.settings.destination import Destination
from infrastructure.settings.settings import DESTINATION, Settings, SettingsError
from infrastructure.system.breakers import Breaker, BreakerOptions, OnChange

if TYPE_CHECKING:
    from infrastructure.messaging.senders import Client

_SLACK = 1.0  # seconds for all that is not waiting for the network


def make_destinations(settings: Settings, contexts: Contexts) -> Destinations:
    """Every logical name that integration events go to, or a setting names, and where that is."""
    names = contexts.integration_events.destinations | settings.destinations.keys()
    return Destinations({name: settings.destination(name) for name in sorted(names)})


def make_publishers(
    settings: Settings,
    destinations: Destinations,
    memory: MemoryPublisher,
    on_breaker: OnChange = lambda *_: None,
) -> Mapping[str, Publisher]:
    """A publisher for every destination, under its logical name, each with a breaker of its own.

    `memory` takes the messages of all destinations that are `memory:`. Destinations of one service
    share a client, and a service that none uses gets none. Raises `SettingsError` where a client is
    needed and no region is set, and once deployed for what is neither queue, topic nor bus.
    """
    clients = cache(partial(_client, settings))
    local: dict[str, Publisher] = {"log": LogPublisher(), "memory": memory}
    timeout = settings.connect_timeout_seconds + settings.read_timeout_seconds + _SLACK
    options = BreakerOptions(settings.breaker_failures, settings.breaker_seconds)

    def publisher(name: str, destination: Destination) -> Publisher:
        written = format_of(destination)
        if written is not None:
            sender = _sender(destination, clients)
            batches = BatchPublisher(format=written, sender=sender, timeout=timeout)
            breaker = Breaker(f"destination {name}", options, on_change=on_breaker)
            return GuardedPublisher(batches, breaker)
        if settings.is_deployed:
            raise SettingsError(
                option_of(name, DESTINATION),
                f"{destination} loses messages in {settings.environment}: name a queue, topic or "
                f"bus by {variable(option_of(name, DESTINATION))}",
            )
        return local[destination.kind]

    return {name: publisher(name, found) for name, found in destinations.by_name.items()}


def _sender(destination: Destination, clients: Callable[[str], Client]) -> Sender:
    # Imported where one is used: what publishes to the log alone runs without the SDK of AWS.
    from infrastructure.messaging import senders  # noqa: PLC0415 see above

    match destination.kind:
        case "sqs":
            return senders.QueueSender(clients("sqs"), destination.address)
        case "sns":
            return senders.TopicSender(clients("sns"), destination.address)
        case _:
            return senders.BusSender(clients("events"))


def _client(settings: Settings, service: str) -> Any:
    from api.composition.clients import make_client  # noqa: PLC0415 as above

    return make_client(settings, service)
