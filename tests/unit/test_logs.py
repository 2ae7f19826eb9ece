import json

import pytest
import structlog

from infrastructure.system.logs import configure_logs


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
