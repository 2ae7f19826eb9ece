"""`dynastrata outbox`, in this process and as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from attrs import evolve

from api.cli import outbox
from api.container import Container
from application.ports.outbox import MessageKey, OutboxMessage
from infrastructure.outbox.relays import PollingRelay
from infrastructure.settings.settings import Settings
from infrastructure.system.logs import configure_logs
from tests.commands import Cli, variables
from tests.e2e.clients import Api, ManualClock
from tests.outboxes import numbered
from tests.relaying.children import child
from tests.relaying.destinations import ALWAYS, ScriptedDestination
from tests.users.samples import messages_of_users

ON_DYNAMODB = pytest.mark.parametrize(
    "settings", [pytest.param("dynamodb", marks=pytest.mark.engine)], indirect=True
)
SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@pytest.fixture
def here(container: Container, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this very container, so that the memory provider shows what it holds."""
    monkeypatch.setattr(outbox, "start", lambda: container)
    configure_logs("error", as_json=False)  # to standard error, as every command does
    return cli


@pytest.fixture
def destination(container: Container) -> ScriptedDestination:
    """Where the container's messages about users go."""
    made = ScriptedDestination()
    container.publishers.override({"users": made})
    return made


def add(container: Container, *ids: str, ordering_key: str = "ada") -> None:
    container.outbox().add_many(messages_of_users(*ids, ordering_key=ordering_key))


def pending(container: Container, ordering_key: str = "ada") -> list[str]:
    found = container.outbox().get_pending(ordering_key, 1000).value
    return [message.key.message_id for message in found]


def give_up(container: Container, destination: ScriptedDestination, *ids: str) -> None:
    """Adds messages of `ada` that no destination takes; each is dead-lettered."""
    add(container, *ids)
    before = container.settings()
    container.settings.override(evolve(before, relay_attempts=1))
    destination.refusals = dict.fromkeys(ids, ALWAYS)
    assert container.polling_relay().run_once().dead_lettered == len(ids)
    destination.refusals = {}
    container.settings.override(before)


def environment(settings: Settings) -> dict[str, str | None]:
    """The variables of a process that logs what it publishes."""
    return {**variables(settings), "DYNASTRATA_LOG_LEVEL": "info"}


def told(result: Any) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


class TestStats:
    def test_they_tell_what_waits_and_what_was_given_up(
        self,
        here: Cli,
        container: Container,
        destination: ScriptedDestination,
        clock: ManualClock,
    ) -> None:
        give_up(container, destination, "1")
        oldest = evolve(messages_of_users("2")[0], created_at=clock.now())
        container.outbox().add_many([oldest, *messages_of_users("3", created_at=clock.now())])
        clock.advance(seconds=90)

        found = told(here("outbox", "stats", "--json"))

        is_metered = container.settings().provider == "dynamodb"
        assert (found.pop("requests") > 0, found.pop("read_units") > 0) == (is_metered,) * 2
        assert found == {
            "pending": 2,
            "dead_lettered": 1,
            "oldest_pending_seconds": 90.0,
            "failed_attempts": 0,
            "dead_letters": [
                {
                    "ordering_key": "ada",
                    "message_id": "1",
                    "type": "UserRegistered",
                    "attempts": 1,
                    "last_error": "no such queue",
                }
            ],
        }

    def test_what_is_published_is_counted_where_that_is_asked_for(
        self, here: Cli, container: Container
    ) -> None:
        add(container, "1", "2", "3")
        container.outbox().mark_as_published(MessageKey("ada", "1"))

        assert told(here("outbox", "stats", "--json", "--count-published"))["published"] == 1
        assert "published" not in told(here("outbox", "stats", "--json"))

    def test_failed_attempts_of_what_is_pending_are_counted(
        self, here: Cli, container: Container
    ) -> None:
        add(container, "1", "2")
        for _ in range(3):
            container.outbox().increment_retry(MessageKey("ada", "2"), "no such queue")

        assert told(here("outbox", "stats", "--json"))["failed_attempts"] == 3

    def test_an_empty_outbox_has_nothing_to_tell(self, here: Cli, container: Container) -> None:
        found = told(here("outbox", "stats", "--json", "--count-published"))

        assert [found["pending"], found["dead_lettered"], found["published"]] == [0, 0, 0]
        assert (found["oldest_pending_seconds"], found["dead_letters"]) == (0, [])

    def test_for_people_there_are_a_table_and_lines_to_copy_from(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        shown = here("outbox", "stats").stdout
        assert "The outbox" in shown
        assert "Dead letter" not in shown
        give_up(container, destination, "1")

        shown = here("outbox", "stats", "--count-published").stdout

        rows = [" ".join(line.strip("│┃ ").split()) for line in shown.splitlines()]
        assert "dead_lettered │ 1" in rows
        assert "published │ 0" in rows
        assert rows[-2:] == [
            "Dead letter ada 1",
            "UserRegistered for users, attempts: 1, last error: no such queue",
        ]

    @ON_DYNAMODB
    def test_the_cost_is_that_of_everything_that_was_read(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        give_up(container, destination, "1")

        with container.meter().measure() as used:
            found = told(here("outbox", "stats", "--json"))

        assert (found["requests"], found["read_units"]) == (used.requests, used.read_units)


class TestRelease:
    def test_a_key_that_rests_is_free(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        add(container, "1")
        container.settings.override(evolve(container.settings(), relay_backoff_seconds=3600))
        destination.refusals = {"1": 1}
        container.polling_relay().run_once()

        result = here("outbox", "release", "ada")

        assert (result.exit_code, result.stdout) == (0, "ada is free.\n")
        assert container.polling_relay().run_once().published == 1

    def test_a_key_that_is_held_is_free(self, here: Cli, container: Container) -> None:
        now = container.clock().now()
        container.relay_queue().take("ada", "hangs", now, now + timedelta(hours=1))

        assert told(here("outbox", "release", "ada", "--json")) == {"released": "ada"}

    def test_one_that_is_free_or_unknown_is_said_to_be(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        add(container, "1")
        container.polling_relay().run_once()

        free = here("outbox", "release", "ada")
        unknown = here("outbox", "release", "nobody")

        assert (free.exit_code, unknown.exit_code) == (1, 1)
        assert "the key ada is free: no relay holds it" in free.stderr
        assert "there is no key nobody" in unknown.stderr


class TestRelayOnce:
    def test_it_publishes_what_is_pending_and_ends(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        add(container, *numbered(30))
        add(container, "1", ordering_key="grace")

        first = told(here("outbox", "relay", "--once", "--json"))
        second = told(here("outbox", "relay", "--once", "--json"))

        assert first == {
            "published": 31,
            "failed": 0,
            "dead_lettered": 0,
            "repeated": 0,
            "unavailable": {},
        }
        assert second == {**first, "published": 0}
        assert (destination.ids(), destination.ids("grace")) == (numbered(30), ["1"])
        assert pending(container) == []

    def test_failures_are_told_and_are_no_failure_of_the_command(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        add(container, "1", "2")
        add(container, "5", ordering_key="grace")
        destination.refusals = {"1": ALWAYS}

        result = here("outbox", "relay", "--once")

        assert result.exit_code == 0
        assert result.stdout.endswith("published: 1, failed attempts: 1, dead-lettered: 0\n")
        assert pending(container) == ["1", "2"]

    def test_signals_do_not_interrupt_the_thread_that_publishes(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        threads = set()
        destination.on_message = lambda _: threads.add(current_thread())
        add(container, "1")

        here("outbox", "relay", "--once")

        assert threads
        assert main_thread() not in threads

    @SIGNALS
    def test_interrupted_it_ends_what_is_begun_and_tells_what_came_of_it(
        self,
        here: Cli,
        container: Container,
        destination: ScriptedDestination,
        monkeypatch: pytest.MonkeyPatch,
        number: signal.Signals,
    ) -> None:
        is_told = Event()
        stop = PollingRelay.stop

        def watched_stop(relay: PollingRelay) -> None:
            stop(relay)
            is_told.set()

        monkeypatch.setattr(PollingRelay, "stop", watched_stop)
        keys = [f"key-{n}" for n in range(30)]
        for ordering_key in keys:
            add(container, "1", "2", ordering_key=ordering_key)
        before = signal.getsignal(number)

        def interrupt(_: OutboxMessage) -> None:
            destination.on_message = lambda _: None
            os.kill(os.getpid(), number)
            assert is_told.wait(10)

        destination.on_message = interrupt
        first = told(here("outbox", "relay", "--once", "--json"))

        assert first["published"] == len(destination.accepted)
        assert 0 < first["published"] < 60
        assert signal.getsignal(number) is before
        told(here("outbox", "relay", "--once", "--json"))
        assert [destination.ids(ordering_key) for ordering_key in keys] == [["1", "2"]] * 30


@ON_DYNAMODB
class TestRelay:
    """As a process of its own."""

    @pytest.mark.parametrize(
        ("arguments", "number"), [((), signal.SIGTERM), (("--stream",), signal.SIGINT)]
    )
    def test_a_signal_ends_it_in_the_middle_without_anything_repeated(
        self,
        container: Container,
        settings: Settings,
        arguments: tuple[str, ...],
        number: signal.Signals,
    ) -> None:
        keys = [f"key-{n}" for n in range(25)]
        for ordering_key in keys:
            add(container, *numbered(5), ordering_key=ordering_key)

        with child("outbox", "relay", "--json", *arguments, env=environment(settings)) as relay:
            relay.wait_until_published(1)
            code = relay.end(number)
        rest = ScriptedDestination()
        container.publishers.override({"users": rest})
        container.polling_relay().run_once()

        assert code == 0, relay.told
        totals = json.loads("\n".join(relay.output))
        assert totals == {
            "published": len(relay.published),
            "failed": 0,
            "dead_lettered": 0,
            "repeated": 0,
            "unavailable": {},
        }
        everything = relay.published + rest.tried
        assert len(everything) == len(set(everything)) == 125
        for ordering_key in keys:
            ids = [key.message_id for key in everything if key.ordering_key == ordering_key]
            assert ids == numbered(5)

    @pytest.mark.parametrize("arguments", [(), ("--stream",)])
    def test_it_publishes_what_comes_while_it_runs(
        self, container: Container, settings: Settings, arguments: tuple[str, ...]
    ) -> None:
        env = {
            **environment(settings),
            "DYNASTRATA_RELAY_POLL_INTERVAL_MS": "20",
            "DYNASTRATA_STREAMS_POLL_INTERVAL_MS": "20",
            "DYNASTRATA_RELAY_SWEEP_SECONDS": "86400",
        }
        add(container, "1")
        with child("outbox", "relay", *arguments, env=env) as relay:
            for count in (1, 2, 3):
                relay.wait_until_published(count)
                add(container, str(count + 1))
            relay.wait_until_published(4)
            assert relay.end(signal.SIGTERM) == 0

        assert [key.message_id for key in relay.published] == ["1", "2", "3", "4"]
        assert relay.output == ["published: 4, failed attempts: 0, dead-lettered: 0"]
        assert pending(container) == []

    @pytest.mark.skipif(sys.platform != "linux", reason="only there one sees what it waits for")
    def test_one_that_stands_by_ends_at_once_too(
        self, container: Container, settings: Settings
    ) -> None:
        add(container, "1")
        env = environment(settings)
        with child("outbox", "relay", "--stream", env=env) as first:
            first.wait_until_published(1)
            with child("outbox", "relay", "--stream", env=env) as second:
                second.wait_until_it_catches(signal.SIGTERM)
                assert second.end(signal.SIGTERM) == 0
            assert first.end(signal.SIGTERM) == 0

        assert second.output == ["published: 0, failed attempts: 0, dead-lettered: 0"]

    def test_a_store_that_is_not_there_yet_is_waited_for(
        self, container: Container, settings: Settings
    ) -> None:
        container.table_initializer().delete_all()
        env = {**environment(settings), "DYNASTRATA_RELAY_POLL_INTERVAL_MS": "20"}

        with child("outbox", "relay", env=env) as relay:
            relay.wait_until(lambda: relay.told)
            assert "relay cannot reach its store" in relay.told[0]
            container.table_initializer().create_missing()
            add(container, "1")
            relay.wait_until_published(1)
            assert relay.end(signal.SIGTERM) == 0


class TestRetry:
    def test_one_dead_letter_is_pending_again(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        give_up(container, destination, "1", "2")

        result = here("outbox", "retry", "ada", "1")

        assert (result.exit_code, result.stdout) == (0, "1 pending again\n")
        assert pending(container) == ["1"]
        told(here("outbox", "relay", "--once", "--json"))
        assert destination.ids() == ["1"]

    def test_all_of_them_are_pending_again_however_many(
        self, here: Cli, container: Container, destination: ScriptedDestination
    ) -> None:
        ids = numbered(30)
        give_up(container, destination, *ids)

        assert told(here("outbox", "retry", "--all", "--json")) == {"retried": 30}
        assert pending(container) == ids
        assert told(here("outbox", "relay", "--once", "--json"))["published"] == 30
        assert destination.ids() == ids

    def test_without_dead_letters_there_is_nothing_to_do(
        self, here: Cli, container: Container
    ) -> None:
        add(container, "1")

        result = here("outbox", "retry", "--all")
        assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")
        assert told(here("outbox", "retry", "--all", "--json")) == {"retried": 0}

    def test_an_unknown_message_is_named_in_one_line(self, here: Cli, container: Container) -> None:
        result = here("outbox", "retry", "ada", "9")

        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "error: the outbox has no message 9 of ada\n"

    def test_so_is_one_that_was_not_given_up(self, here: Cli, container: Container) -> None:
        add(container, "1")

        result = here("outbox", "retry", "ada", "1")

        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "error: message 1 of ada is not dead-lettered\n"
        assert pending(container) == ["1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", "ada"),
        ("retry", "ada", "--all"),
        ("retry", "ada", "1", "--all"),
        ("retry", "ada", "1", "2"),
        ("relay", "--once", "--stream"),
        ("relay", "now"),
        ("stats", "--every"),
        ("publish",),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], command: Cli) -> None:
    result = command("outbox", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        (
            "DYNASTRATA_RELAY_LEASE_SECONDS",
            "2",
            "relay_lease_seconds (DYNASTRATA_RELAY_LEASE_SECONDS): must be more than 2: ",
        ),
        (
            "DYNASTRATA_USERS_DESTINATION",
            "sqs:https://sqs.example/1/users",
            "region (DYNASTRATA_REGION): is set neither here nor for the AWS SDK",
        ),
        (
            "DYNASTRATA_USERS_DESTINATION",
            "sqs:users",
            "users_destination (DYNASTRATA_USERS_DESTINATION): behind sqs: comes ",
        ),
    ],
)
@pytest.mark.parametrize("arguments", [("--once",), (), ("--stream",)])
def test_a_setting_that_will_not_do_is_one_line_and_exit_code_2(
    variable: str, value: str, reason: str, arguments: tuple[str, ...], command: Cli
) -> None:
    unset: dict[str, Any] = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"))
    no_region = {"DYNASTRATA_REGION": "", "AWS_CONFIG_FILE": "/dev/null", **unset}

    result = command("outbox", "relay", *arguments, **no_region, **{variable: value})

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {reason}")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("stats",), ("relay", "--once"), ("retry", "--all"), ("retry", "ada", "1")]
)
def test_a_store_that_cannot_be_reached_is_one_line_and_exit_code_1(
    arguments: tuple[str, ...], command: Cli, unreachable: dict[str, str]
) -> None:
    result = command("outbox", *arguments, **unreachable)

    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.startswith("error: ") for line in result.stderr.splitlines()] == [True]
    assert "the store cannot be reached" in result.stderr


def test_registering_a_user_is_seen_in_the_outbox(here: Cli, api: Api) -> None:
    user = api.register()

    assert told(here("outbox", "stats", "--json"))["pending"] == 1
    assert pending(api.container, user["id"]) != []
