import json
from typing import Any

import pytest

from api.cli import events
from api.container import Container, build_container
from application.event_context import event_context
from application.orders.change_order import OrderToChange
from application.ports.event_store import EventMetadata
from domain.consistency import Loaded, NoStream, StreamId
from domain.orders.events import OrderPaid
from domain.orders.price_list import RequestedLine
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.registry import EventType
from tests.commands import Cli
from tests.e2e.clients import ManualClock


@pytest.fixture
def here(container: Container, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this very container, so that the memory provider shows what it holds."""
    monkeypatch.setattr(events, "start", lambda: container)
    return cli


@pytest.fixture
def order_id(container: Container) -> str:
    """An order of three events, the last two of one request."""
    order = container.place_order()(customer_id="ada", lines=(RequestedLine("algebra"),))
    with event_context(EventMetadata(correlation_id="request-1", actor="ada")):
        container.add_line()(OrderToChange(order_id=order.id), RequestedLine("weaving"))
        container.pay_order()(OrderToChange(order_id=order.id))
    return order.id


@pytest.fixture
def stored_by_another_release(container: Container, clock: ManualClock) -> str:
    """A stream whose second event is of a type that only another release knows."""
    stream = StreamId("Order", "from-tomorrow")
    store = container.event_store()
    paid = OrderPaid(order_id=stream.id, amount_cents=100, occurred_at=clock.now())
    store.append(stream, [paid], NoStream())
    tomorrow = build_container(container.settings())
    tomorrow.store.override(container.store)
    refunded = Context(event_types=(EventType("OrderRefunded", OrderPaid),))
    tomorrow.contexts.override(Contexts([refunded]))
    tomorrow.event_store().append(stream, [paid], Loaded(1))
    return stream.id


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(each) for each in text.splitlines()]


def test_the_events_of_a_stream_are_a_line_each(here: Cli, order_id: str) -> None:
    result = here("events", "read", "Order", order_id, "--json")
    assert result.exit_code == 0, result.output
    told = lines(result.stdout)
    assert [(each["version"], each["type"]) for each in told] == [
        (1, "OrderPlaced"),
        (2, "LineAdded"),
        (3, "OrderPaid"),
    ]
    assert told[2] == {
        "stream": {"type": "Order", "id": order_id},
        "version": 3,
        "event_id": told[2]["event_id"],
        "type": "OrderPaid",
        "timestamp": told[2]["timestamp"],
        "metadata": {"correlation_id": "request-1", "causation_id": None, "actor": "ada"},
        "commit_id": told[2]["commit_id"],
        "data": {
            "occurred_at": told[2]["timestamp"],
            "order_id": order_id,
            "amount_cents": 9_800,
        },
    }


@pytest.mark.parametrize(
    ("options", "versions"),
    [
        ((), [1, 2, 3]),
        (("--from", "2"), [2, 3]),
        (("--to", "2"), [1, 2]),
        (("--from", "2", "--to", "2"), [2]),
        (("--limit", "2"), [1, 2]),
        (("--backwards",), [3, 2, 1]),
        (("--backwards", "--limit", "1"), [3]),
        (("--from", "9"), []),
        (("--raw",), [1, 2, 3]),
    ],
)
def test_a_part_of_a_stream_can_be_read(
    options: tuple[str, ...], versions: list[int], here: Cli, order_id: str
) -> None:
    result = here("events", "read", "Order", order_id, *options, "--json")
    assert (result.exit_code, [each["version"] for each in lines(result.stdout)]) == (0, versions)


def test_for_people_there_is_a_table(here: Cli, order_id: str) -> None:
    shown = here("events", "read", "Order", order_id).stdout
    assert f"Events of Order {order_id}" in shown
    assert "OrderPaid" in shown
    assert "pages: 1" in shown


def test_a_stream_that_is_not_there_is_empty_and_no_error(here: Cli) -> None:
    result = here("events", "read", "Order", "missing")
    assert (result.exit_code, result.stdout) == (0, "Order missing has no such events.\n")
    assert here("events", "read", "Order", "missing", "--json").stdout == ""


def test_an_unknown_type_is_one_line_and_exit_code_1(
    here: Cli, stored_by_another_release: str
) -> None:
    result = here("events", "read", "Order", stored_by_another_release)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: event 2 of Order from-tomorrow has the unknown type 'OrderRefunded'\n"
    )


def test_raw_shows_an_unknown_type_as_it_is_stored(
    here: Cli, stored_by_another_release: str
) -> None:
    result = here("events", "read", "Order", stored_by_another_release, "--raw", "--json")
    told = lines(result.stdout)
    assert result.exit_code == 0, result.output
    assert [(each["type"], each["schema_version"]) for each in told] == [
        ("OrderPaid", 1),
        ("OrderRefunded", 1),
    ]
    assert told[1]["data"]["amount_cents"] == 100


@pytest.mark.parametrize(
    "arguments",
    [
        ("read", "Order"),
        ("read", "Order", "1", "--from", "0"),
        ("read", "Order", "1", "--limit", "0"),
        ("tail", "--from", "yesterday"),
        ("tail", "--from", "checkpoint"),
        ("tail", "--limit", "0"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], command: Cli) -> None:
    assert command("events", *arguments).exit_code == 2


def test_a_stream_needs_a_type_and_an_id(command: Cli) -> None:
    result = command("events", "read", "Order", "")
    assert (result.exit_code, result.stderr) == (1, "error: stream: needs a type and an id\n")


def test_tail_shows_the_events_of_all_streams(here: Cli, order_id: str) -> None:
    result = here("events", "tail", "--from", "beginning", "--limit", "3", "--json")
    assert result.exit_code == 0, result.output
    told = lines(result.stdout)
    assert [(each["stream"]["id"], each["version"]) for each in told] == [
        (order_id, 1),
        (order_id, 2),
        (order_id, 3),
    ]


def test_tail_shows_people_a_line_each(here: Cli, order_id: str) -> None:
    shown = here("events", "tail", "--from", "beginning", "--limit", "3").stdout.splitlines()
    assert len(shown) == 3
    assert f"Order {order_id} 3 OrderPaid" in shown[2]


def test_tail_goes_on_after_what_was_shown(here: Cli, container: Container) -> None:
    order = container.place_order()(customer_id="ada", lines=(RequestedLine("algebra"),))
    told = []
    for sku in ("weaving", "numbers", "letters"):
        container.add_line()(OrderToChange(order_id=order.id), RequestedLine(sku))
        arguments = ("--from", "checkpoint", "--name", "reader", "--limit", "1", "--json")
        told += lines(here("events", "tail", *arguments).stdout)
    assert [each["version"] for each in told] == [1, 2, 3]


def test_tail_ends_cleanly_when_interrupted(
    here: Cli, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    arguments = ("events", "tail", "--from", "checkpoint", "--name", "reader", "--json")
    with monkeypatch.context() as patched:
        patched.setattr(events, "say", interrupted)
        result = here(*arguments)
    assert (result.exit_code, result.output) == (0, "")
    # What was not shown is not dealt with.
    assert lines(here(*arguments, "--limit", "1").stdout)[0]["version"] == 1


def test_tail_ends_at_an_unknown_type_unless_asked_for_it_raw(
    here: Cli, stored_by_another_release: str
) -> None:
    arguments = ("events", "tail", "--from", "beginning", "--limit", "2", "--json")
    result = here(*arguments)
    assert (result.exit_code, len(lines(result.stdout))) == (1, 1)
    assert "has the unknown type 'OrderRefunded'" in result.stderr
    assert len(lines(here(*arguments, "--raw").stdout)) == 2
