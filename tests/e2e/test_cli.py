import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from attrs import evolve
from moto import mock_aws
from typer.testing import Result

from api.cli.seed import AdminAddressTaken, seed_users
from api.container import Container, build_container
from domain.users.errors import RefreshTokenReused, RefreshTokenSuperseded
from infrastructure.contexts.registered import REGISTERED
from infrastructure.settings.settings import SAMPLE_PASSWORD, Settings
from tests.commands import Cli, variables
from tests.deployed import MAIL_VARIABLES, OWN_KEY
from tests.e2e.clients import PASSWORD, Api
from tests.e2e.conftest import REGION
from tests.smtp import smtp_server

PRODUCTION = {
    "DYNASTRATA_ENVIRONMENT": "production",
    "DYNASTRATA_REGION": REGION,
    "DYNASTRATA_SIGNING_KEY": OWN_KEY,
    **MAIL_VARIABLES,
}


@pytest.fixture
def production(command: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Runs a command in production, whose tables are there, on a store in this process."""
    # Not those of moto, which production takes for the dummies that they are.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A" * 20)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    with mock_aws(config={"core": {"mock_credentials": False}}):
        assert command("tables", "create", **PRODUCTION).exit_code == 0
        yield partial(command, **PRODUCTION)


def test_the_help_tells_the_exit_codes(command: Cli) -> None:
    told = " ".join(command("--help").stdout.split())
    assert "0 done; 1 failed" in told
    assert "2 wrong usage or settings; 3" in told


def test_a_wrong_setting_is_one_line_and_exit_code_2(command: Cli) -> None:
    result = command("demo", DYNASTRATA_SIGNING_KEY="hush")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: signing_key (DYNASTRATA_SIGNING_KEY): must have at least 32 bytes, "
        "8 of them different\n"
    )


@pytest.mark.parametrize(
    "arguments", [("nothing",), ("demo", "--provider", "mysql"), ("tables", "x")]
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], command: Cli) -> None:
    assert command(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("seed",), ("tables", "status"), ("tables", "create")])
def test_a_failure_is_one_line_and_exit_code_1(
    arguments: tuple[str, ...], command: Cli, unreachable: dict[str, str]
) -> None:
    result = command(*arguments, **unreachable)
    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.startswith("error: ") for line in result.stderr.splitlines()] == [True]
    assert "the store cannot be reached" in result.stderr


def test_waiting_for_the_store_is_bounded(command: Cli, unreachable: dict[str, str]) -> None:
    started = time.monotonic()
    assert command("tables", "create", "--wait", "1", **unreachable).exit_code == 1
    assert 1 <= time.monotonic() - started < 10


def test_missing_tables_are_created_once(cli: Cli, settings: Settings) -> None:
    names = REGISTERED.tables if settings.provider == "dynamodb" else ()
    tables = [f"{settings.table_prefix}{name}" for name in names]
    first, second = cli("tables", "create", "--json"), cli("tables", "create", "--json")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout) == {"created": tables, "changed": {}, "tables": tables}
    assert json.loads(second.stdout) == {"created": [], "changed": {}, "tables": tables}


def test_the_status_tells_what_is_missing(cli: Cli, settings: Settings) -> None:
    before = cli("tables", "status", "--json")
    cli("tables", "create")
    after = cli("tables", "status", "--json")
    if settings.provider == "memory":
        assert [before.exit_code, before.stdout] == [after.exit_code, after.stdout] == [0, "[]\n"]
        return
    assert (before.exit_code, after.exit_code) == (3, 0)
    assert {table["state"] for table in json.loads(before.stdout)} == {"MISSING"}
    states = [(table["state"], table["drift"]) for table in json.loads(after.stdout)]
    assert states == [("ACTIVE", [])] * len(REGISTERED.tables)


def users_table_of(settings: Settings, key: str) -> str:
    """Makes the table of users with this key and nothing else; its name."""
    name = f"{settings.table_prefix}users"
    build_container(settings).store().gateway.call(
        "CreateTable",
        {
            "TableName": name,
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    return name


def test_an_index_that_is_missing_is_told_and_added_where_one_asks_for_it(
    cli: Cli, settings: Settings
) -> None:
    if settings.provider == "memory":
        assert cli("tables", "create", "--update-existing").exit_code == 0
        return
    name = users_table_of(settings, "id")

    before = cli("tables", "create")
    update = cli("tables", "create", "--update-existing", "--json")
    after = cli("tables", "create", "--update-existing")

    assert (before.exit_code, update.exit_code, after.exit_code) == (0, 0, 0)
    assert f"{name}: was there, left alone; differs: index listing is missing" in before.stdout
    assert json.loads(update.stdout)["changed"] == {name: ["index listing added"]}
    assert f"{name}: index listing added" in update.stderr
    assert f"{name}: was there, left alone\n" in after.stdout


def test_an_update_that_leaves_a_table_different_exits_with_3(cli: Cli, settings: Settings) -> None:
    if settings.provider == "memory":
        done = cli("tables", "create", "--update-existing")
        assert (done.exit_code, done.stdout) == (0, "The memory provider has no tables.\n")
        return
    name = users_table_of(settings, "other")

    done = cli("tables", "create", "--update-existing")

    assert done.exit_code == 3
    assert f"{name}: index listing added; differs: keys are {{'HASH': 'other'}}" in done.stdout


def forget_claims(container: Container, user_id: str, **changes: str) -> None:
    """Makes a user's item one that was stored before items told their claims."""
    provider = container.store()
    values = {f":{name}": {"S": value} for name, value in changes.items()}
    provider.gateway.call(
        "UpdateItem",
        {
            "TableName": provider.tables.physical("users"),
            "Key": {"id": {"S": user_id}},
            "UpdateExpression": "REMOVE heldClaims" + "".join(f" SET {c} = :{c}" for c in changes),
            **({"ExpressionAttributeValues": values} if changes else {}),
        },
    )


def test_what_is_stored_takes_the_claims_that_it_lacks(container: Container, cli: Cli) -> None:
    if container.settings().provider == "memory":
        assert cli("tables", "claim", "User").stdout == "0 seen, 0 completed, 0 left as they are\n"
        return
    api = Api(container)
    for name in ("ada", "bob"):
        forget_claims(container, api.register(f"{name}@example.com")["id"])

    dry = cli("tables", "claim", "User", "--dry-run")
    first, second = cli("tables", "claim", "User"), cli("tables", "claim", "User", "--json")

    assert dry.stdout == "2 seen, 2 would be completed, 0 left as they are\n"
    assert first.stdout == "2 seen, 2 completed, 0 left as they are\n"
    assert json.loads(second.stdout) == {"seen": 2, "completed": 0, "left": []}


def test_duplicates_are_told_with_exit_code_3(container: Container, cli: Cli) -> None:
    if container.settings().provider == "memory":
        pytest.skip("each command has a memory of its own")
    api = Api(container)
    first, second = (api.register(f"{name}@example.com")["id"] for name in ("ada", "bob"))
    forget_claims(container, second, email="ada@example.com")

    found = cli("tables", "claim", "User")

    assert found.stdout == "2 seen, 0 completed, 1 left as they are\n"
    assert f"{second}: email is that of {first}\n" in found.stderr
    assert "2 seen, 0 completed; go on with --after " in found.stderr
    assert found.exit_code == 3


def test_claims_of_a_type_that_is_not_there_are_refused(cli: Cli) -> None:
    result = cli("tables", "claim", "Order")
    assert result.exit_code == 1
    assert result.stderr == "error: type: the state-stored types are: User\n"


def test_deleting_the_tables_asks_first(cli: Cli, settings: Settings) -> None:
    cli("tables", "create")
    in_memory = settings.provider == "memory"  # there is nothing to ask for
    assert cli("tables", "delete", answers="n\n").exit_code == (0 if in_memory else 1)
    assert cli("tables", "status").exit_code == 0
    assert cli("tables", "delete", "--yes").exit_code == 0
    assert cli("tables", "status").exit_code == (3 if settings.provider == "dynamodb" else 0)


@pytest.mark.parametrize("arguments", [("tables", "delete", "--yes"), ("demo",)])
def test_production_is_no_playground(arguments: tuple[str, ...], command: Cli) -> None:
    result = command(*arguments, **PRODUCTION)
    assert result.exit_code == 2
    assert "production" in result.stderr


def test_seeding_twice_changes_nothing(container: Container) -> None:
    first, second = seed_users(container), seed_users(container)
    assert [each.created for each in first] == [True] * 4
    assert [each.created for each in second] == [False] * 4
    assert [each.user.id for each in first] == [each.user.id for each in second]
    assert [each.user.version for each in second] == [1] * 4


def test_the_seeded_administrator_can_sign_in(container: Container, api: Api) -> None:
    seed_users(container)
    admin = api.sign_in("admin@example.com", SAMPLE_PASSWORD)
    headers = {"Authorization": f"Bearer {admin['access_token']}"}
    listed = api.get("/users", headers=headers).json()["items"]
    assert [user["role"] for user in listed] == ["admin", "member", "member", "member"]


def test_seeding_leaves_a_password_that_was_changed(container: Container) -> None:
    seed_users(container)
    container.settings.override(evolve(container.settings(), admin_password=PASSWORD))
    seed_users(container)
    tokens = container.sign_in()(email="admin@example.com", password=SAMPLE_PASSWORD, source="test")
    assert tokens.user_id


def test_an_address_of_a_member_makes_no_administrator(container: Container, api: Api) -> None:
    api.register("admin@example.com")
    with pytest.raises(AdminAddressTaken):
        seed_users(container)


def test_seed_tells_what_it_did(cli: Cli, settings: Settings) -> None:
    cli("tables", "create")
    first, second = cli("seed", "--json", "--admin-email", "boss@example.com"), cli("seed")
    assert (first.exit_code, second.exit_code) == (0, 0)
    admin = json.loads(first.stdout)[0]
    assert (admin["email"], admin["created"]) == ("boss@example.com", True)
    assert ("was there" in second.stdout) is (settings.provider == "dynamodb")


def test_in_production_seed_creates_the_administrator_alone_and_tells_no_secret(
    production: Cli,
) -> None:
    with smtp_server() as mailbox:
        result = production(
            "seed",
            "--json",
            DYNASTRATA_ADMIN_PASSWORD="hush-hush-hush",
            DYNASTRATA_MAIL_SERVER=f"smtp://127.0.0.1:{mailbox.port}",
        )
        assert mailbox.take().recipients == ["admin@example.com"]
    assert result.exit_code == 0
    assert [user["role"] for user in json.loads(result.stdout)] == ["admin"]
    assert result.stderr == ""
    assert "hush" not in result.output


@pytest.mark.parametrize("password", ["", SAMPLE_PASSWORD])
@pytest.mark.parametrize("arguments", [("seed",), ("serve", "--seed")])
def test_in_production_seed_takes_no_sample_password(
    arguments: tuple[str, ...], password: str, production: Cli
) -> None:
    result = production(*arguments, DYNASTRATA_ADMIN_PASSWORD=password)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "ADMIN_PASSWORD" in result.stderr


def test_where_others_reach_the_store_nobody_gets_a_sample_password(production: Cli) -> None:
    def seed(**env: str) -> Result:
        return production(
            "seed",
            "--json",
            **{"DYNASTRATA_ENVIRONMENT": "development", **env},
            DYNASTRATA_PROVIDER="dynamodb",
            DYNASTRATA_MAIL_SERVER="",
        )

    refused, seeded = seed(), seed(DYNASTRATA_ADMIN_PASSWORD="hush-hush-hush")

    assert refused.exit_code == 2
    assert "ADMIN_PASSWORD" in refused.stderr
    assert [user["role"] for user in json.loads(seeded.stdout)] == ["admin"]


def test_the_demo_ends_with_the_same_each_time_on_each_provider(cli: Cli) -> None:
    for _ in range(2):
        result = cli("demo", "--json")
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        assert told["users"] == [
            {"name": "Ada Lovelace", "email": "ada@demo.example", "verified": True, "version": 6},
            {
                "name": "Grace Hopper",
                "email": "grace.hopper@demo.example",
                "verified": True,
                "version": 2,
            },
        ]
        assert told["history"] == [
            {
                "version": 1,
                "event": "OrderPlaced",
                "what": "1 algebra at 49.00, 2 weaving at 15.00",
            },
            {"version": 2, "event": "LineAdded", "what": "1 numbers at 25.00"},
            {"version": 3, "event": "LineRemoved", "what": "weaving"},
            {"version": 4, "event": "OrderPaid", "what": "74.00"},
        ]
        assert [(each["course"], each["students"]) for each in told["courses"]] == [
            ("algebra", "Grace, Alan"),
            ("weaving", "Ada"),
        ]


def test_the_demo_stores_the_same_on_each_provider_and_tells_the_cost(
    cli: Cli, settings: Settings
) -> None:
    steps = json.loads(cli("demo", "--json").stdout)["steps"]
    assert [(step["step"], step["stored"]) for step in steps] == [
        ("register Ada", "user, claim on ada@demo.example, message"),
        ("register Grace", "user, claim on grace@demo.example, message"),
        ("register Alan", "user, claim on alan@demo.example, message"),
        ("register Ada's address again", "nothing: ada@demo.example is already registered"),
        ("change Ada's name", "user, now of version 2"),
        ("verify Ada's address", "user, message"),
        (
            "change Grace's address",
            "user, claim on grace.hopper@demo.example, messages; the old claim is removed",
        ),
        ("sign Ada in", "user, with a session"),
        ("refresh her session", "user, with the hash of the next token"),
        (
            "use the old refresh token again",
            f"nothing: {RefreshTokenSuperseded()}",
        ),
        (
            "use it again ten minutes later",
            f"user, without a session: {RefreshTokenReused()}",
        ),
        ("list the users", "nothing: 3 users were read"),
        ("remove Alan", "message; user and claim are removed"),
        ("place an order", "event 1 of the order, message"),
        ("add a line", "event 2 of the order"),
        ("remove a line", "event 3 of the order"),
        ("pay the order", "event 4 of the order, message"),
        ("add a line too late", "nothing: the order is paid"),
        ("define algebra with 2 seats", "event of course algebra"),
        ("define weaving with 20 seats", "event of course weaving"),
        ("enrol Ada in algebra", "event of course algebra and student Ada, message"),
        ("enrol Grace in algebra", "event of course algebra and student Grace, message"),
        ("enrol Alan in algebra", "nothing: all 2 seats are taken"),
        ("withdraw Ada from algebra", "event of course algebra and student Ada, message"),
        ("enrol Alan in algebra again", "event of course algebra and student Alan, message"),
        ("enrol Ada in weaving", "event of course weaving and student Ada, message"),
        ("publish what is pending", "14 messages marked as published"),
        ("look for more", "nothing: the index of pending messages was read"),
    ]
    paid = [step["requests"] > 0 for step in steps]
    assert paid == [settings.provider == "dynamodb"] * len(steps)


def test_the_demo_leaves_its_tables_and_other_users(cli: Cli, container: Container) -> None:
    seed_users(container)
    cli("demo")
    cli("demo")
    emails = [user.email.value for user in container.list_users()().items]
    demo = [email for email in emails if email.endswith("@demo.example")]
    assert len(emails) - len(demo) == 4
    if container.settings().provider == "dynamodb":
        assert demo == ["ada@demo.example", "grace.hopper@demo.example"]


def test_the_demo_is_shown_in_tables(cli: Cli, settings: Settings) -> None:
    shown = cli("demo").stdout
    assert "write units" in shown
    assert "grace.hopper@demo.example" in shown
    assert "OrderPaid" in shown
    assert ("sends no requests" in shown) is (settings.provider == "memory")


@pytest.mark.engine
def test_the_demo_starts_an_engine_of_its_own(command: Cli) -> None:
    result = command("demo", "--provider", "dynamodb", "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["users"]) == 2


def test_serve_creates_the_tables_seeds_and_serves(settings: Settings, port: int) -> None:
    arguments = ["serve", "--port", str(port), "--seed"]
    started = [sys.executable, "-c", "from api.cli.main import main; main()", *arguments]
    env = {name: value for name, value in variables(settings).items() if value is not None}
    with subprocess.Popen(
        started, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert ready(f"http://127.0.0.1:{port}/ready")
        finally:
            server.terminate()


def ready(url: str) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 a URL of this test
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            time.sleep(0.1)
    return False
