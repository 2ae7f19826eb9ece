"""`dynastrata outbox`: what is pending, publishing it, dead letters, keys that are held."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import asdict, define, field

from api.bootstrap import start
from api.cli.output import AsJson, say, say_json, say_table
from api.cli.working import HealthFile, until_stopped
from application.ports.outbox import (
    MessageKey,
    Metered,
    NotDeadLettered,
    Outbox,
    OutboxStatistics,
    StoredMessage,
)

if TYPE_CHECKING:
    from application.relay import RelayReport
    from infrastructure.outbox.relays import PollingRelay, StreamRelay

app = typer.Typer(help="Messages that are pending, and those that were given up.")

_LISTED = 20
"""How many dead letters are shown, and looked up at once."""


@app.command()
def stats(
    *,
    count_published: Annotated[
        bool,
        typer.Option("--count-published", help="Count these too, which reads the whole table."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is pending and what was given up, and what looking took.

    Without --count-published it costs in proportion to what is not published. Up to 20 dead letters
    are listed, with the KEY and the ID that `outbox retry` takes.
    """
    container = start()
    outbox: Outbox = container.outbox()
    found = outbox.statistics(count_published=count_published)
    dead = outbox.dead_letters(_LISTED)
    facts = {**_facts(found.value, container.clock().now()), **_cost(found, dead)}
    if as_json:
        say_json({**facts, "dead_letters": [_view(message) for message in dead.value]})
        return
    say_table("The outbox", ("what", "value"), facts.items(), numbers=("value",))
    for message in dead.value:
        say(f"Dead letter {message.key.ordering_key} {message.key.message_id}")
        what = message.message
        say(
            f"  {what.message_type} for {what.destination}, attempts: {message.retry_count}, "
            f"last error: {message.last_error}"
        )


@app.command()
def relay(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when nothing more is found to publish.")
    ] = False,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Follow the table's stream instead of polling its index."),
    ] = False,
    health_file: HealthFile = None,
    as_json: AsJson = False,
) -> None:
    """Publish pending messages until interrupted; then show what came of it.

    Any number of relays may run at once. With --stream one of them follows, the others stand by.
    Messages that fail are no error of the command: they are counted, and tried again. Those of a
    destination that takes nothing wait.
    """
    if once and stream:
        raise typer.BadParameter("a stream has no end", param_hint="--once")
    container = start()
    seconds = container.settings().relay_stop_seconds
    total = _Total()
    if stream:
        following: StreamRelay = container.stream_relay()
        following.on_report = total.add
        until_stopped(following, following.run, seconds, health_file)
    else:
        polling: PollingRelay = container.polling_relay()
        polling.on_report = total.add
        work = polling.run_once if once else polling.run
        until_stopped(polling, work, seconds, health_file)
    _say_total(total, as_json=as_json)


@app.command()
def retry(
    ordering_key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="The ordering key.", show_default=False)
    ] = None,
    message_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="The message's id.", show_default=False)
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make dead letters pending again, one or all. They come after messages that overtook them."""
    outbox: Outbox = start().outbox()
    if all_ and ordering_key is None:
        retried = _retry_all(outbox)
    elif not all_ and ordering_key is not None and message_id is not None:
        outbox.retry(MessageKey(ordering_key, message_id))
        retried = 1
    else:
        raise typer.BadParameter("name the KEY and the ID of one, or give --all")
    if as_json:
        say_json({"retried": retried})
    else:
        say(f"{retried} pending again" if retried else "There are no dead letters.")


@app.command()
def release(
    ordering_key: Annotated[str, typer.Argument(metavar="KEY", help="The ordering key.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Free an ordering key that a relay holds, or that rests after a failure.

    For a relay that hangs, and for a destination that works again. Relays that run come to the key
    within a minute. What a relay is publishing of it just now is published again.
    """
    outbox: Outbox = start().outbox()
    outbox.release(ordering_key)
    if as_json:
        say_json({"released": ordering_key})
    else:
        say(f"{ordering_key} is free.")


@define
class _Total:
    """What several reports say together."""

    published: int = 0
    failed: int = 0
    dead_lettered: int = 0
    repeated: int = 0
    unavailable: dict[str, str] = field(factory=dict)

    def add(self, report: RelayReport) -> None:
        self.published += report.published
        self.failed += len(report.failed)
        self.dead_lettered += report.dead_lettered
        self.repeated += len(report.lost)
        self.unavailable |= report.unavailable


def _say_total(total: _Total, *, as_json: bool) -> None:
    if as_json:
        say_json(asdict(total))
        return
    say(
        f"published: {total.published}, failed attempts: {total.failed}, "
        f"dead-lettered: {total.dead_lettered}"
    )
    for destination, reason in total.unavailable.items():
        say(f"destination {destination}: not available ({reason}); its messages stay pending")


def _retry_all(outbox: Outbox) -> int:
    """Dead letters that are listed still although they are pending again are passed over."""
    seen: set[MessageKey] = set()
    retried = 0
    while True:
        # The index may lag: what was just retried can be listed before what was not.
        listed = outbox.dead_letters(len(seen) + _LISTED).value
        new = {message.key for message in listed} - seen
        if not new:
            return retried
        for key in new:
            with suppress(NotDeadLettered):
                outbox.retry(key)
                retried += 1
        seen |= new


def _facts(found: OutboxStatistics, now: datetime) -> dict[str, object]:
    facts: dict[str, object] = {
        "pending": found.pending,
        "dead_lettered": found.dead_lettered,
        "oldest_pending_seconds": round(found.oldest_age(now).total_seconds(), 1),
        "failed_attempts": found.attempts,
    }
    return facts if found.published is None else {**facts, "published": found.published}


def _cost(*operations: Metered[Any]) -> dict[str, object]:
    return {
        "requests": sum(each.requests for each in operations),
        "read_units": sum(each.read_units for each in operations),
    }


def _view(message: StoredMessage) -> dict[str, object]:
    return {
        "ordering_key": message.key.ordering_key,
        "message_id": message.key.message_id,
        "type": message.message.message_type,
        "attempts": message.retry_count,
        "last_error": message.last_error or "",
    }
