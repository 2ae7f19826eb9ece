import json
import logging
from typing import Any

import pytest
import structlog

from infrastructure.system.logs import config_of_server, configure_logs


def fail(password: str) -> None:
    raise ValueError(len(password))


@pytest.mark.parametrize("as_json", [True, False])
def test_tracebacks_do_not_show_local_variables(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info", as_json=as_json)
    secret = "-".join(["hush", "hush"])  # its whole must not stand in the source that is shown
    try:
        fail(secret)
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
    written = capsys.readouterr()
    assert "ValueError" in written.err
    assert secret not in written.err
    assert written.out == ""


def test_only_what_is_severe_enough_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", as_json=True)
    structlog.get_logger().info("not this")
    structlog.get_logger().warning("this", key="value")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["key"]) == ("this", "warning", "value")


def line_of_server(logger: str, text: str, *args: object, **facts: Any) -> dict[str, Any]:
    """What is written for a record of uvicorn, as `serve` configures it."""
    config = config_of_server("info", as_json=True)
    options = {name: value for name, value in config["formatters"]["line"].items() if name != "()"}
    record = logging.LogRecord(logger, logging.INFO, "server.py", 1, text, args, None)
    vars(record).update(facts)
    line: dict[str, Any] = json.loads(structlog.stdlib.ProcessorFormatter(**options).format(record))
    assert line.pop("timestamp")
    return line


def test_each_request_is_a_line_like_all_others_with_the_id_of_what_it_caused() -> None:
    access = ("127.0.0.1:80", "GET", "/users?cursor=hush", "1.1", 200)
    with structlog.contextvars.bound_contextvars(correlation_id="request-1"):
        line = line_of_server("uvicorn.access", '%s - "%s %s HTTP/%s" %d', *access)
    assert line == {
        "event": "request",
        "level": "info",
        "client": "127.0.0.1:80",
        "method": "GET",
        "path": "/users",
        "status": 200,
        "correlation_id": "request-1",
    }


def test_so_is_what_the_server_says_of_itself() -> None:
    line = line_of_server("uvicorn.error", "Listening on %s", "here", color_message="hush")
    assert line == {"event": "Listening on here", "level": "info"}


def test_the_server_writes_where_everything_is_written_and_no_less_severe_lines() -> None:
    config = config_of_server("warning", as_json=True)
    assert config["loggers"]["uvicorn"]["level"] == "WARNING"
    # Named, so that it can be pickled for other processes.
    assert config["handlers"]["stderr"]["stream"] == "ext://sys.stderr"
