"""`dynastrata migrate verify`: it finds what is not as the source says, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.migration.run.running import CLAIMS, Move
from tests.migration.run.warehouse import REJECTED, ROWS
from tests.stores import client_of

pytestmark = pytest.mark.engine


def report_of(move: Move, exit_code: int, *more: str) -> dict[str, Any]:
    file = move.work.parent / "report.json"
    result = move.verify("--json", str(file), *more)
    assert result.exit_code == exit_code, result.output
    return {each["table"]: each for each in json.loads(file.read_text())["tables"]}


def test_what_was_migrated_is_equal(undisturbed: Move) -> None:
    report = report_of(undisturbed, 0)
    for table, rows in ROWS.items():
        found = report[table]
        assert (found["rows"], found["rejected"]) == (rows, REJECTED[table])
        assert found["compared"] == found["stored"] == rows - REJECTED[table]
        assert found["differences"] == []


def test_a_sample_is_of_the_same_rows_each_time(undisturbed: Move) -> None:
    first, again = (report_of(undisturbed, 0, "--sample", "30%") for _ in range(2))
    assert first == again
    assert 0 < first["Customers"]["compared"] < 80


@pytest.fixture
def spoiled(move: Move) -> Move:
    assert move.run().exit_code == 3
    client, prefix = client_of(move.endpoint_url), move.prefix
    client.delete_item(TableName=f"{prefix}Customers", Key={"id": {"N": "2"}})
    client.update_item(
        TableName=f"{prefix}Customers",
        Key={"id": {"N": "3"}},
        UpdateExpression="SET #name = :other REMOVE picture",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues={":other": {"S": "Someone"}},
    )
    extra = {"order_id": {"N": "4711"}, "line": {"N": "1"}, "sku": {"S": "none"}}
    client.put_item(TableName=f"{prefix}Lines", Item=extra)
    claim = next(
        each for each in move.items(CLAIMS) if each["pk"]["S"] == "Customers#email#S:c5@example.com"
    )
    client.delete_item(TableName=f"{prefix}{CLAIMS}", Key={"pk": claim["pk"]})
    return move


def test_what_is_missing_different_extra_and_unclaimed_is_told(spoiled: Move) -> None:
    report = report_of(spoiled, 3)
    told = [
        (each["kind"], table, each["key"], each["attributes"])
        for table, found in report.items()
        for each in found["differences"]
    ]
    assert sorted(told) == [
        ("different", "Customers", "id=3", ["name", "picture"]),
        ("extra", "Lines", "order_id=4711, line=1", []),
        ("missing", "Customers", "id=2", []),
        ("stray claim", "Customers", "id=2", ["email"]),
        ("unclaimed", "Customers", "id=5", ["email"]),
    ]


def test_what_differs_is_copied_once_more_and_equal_then(spoiled: Move, undisturbed: Move) -> None:
    report = report_of(spoiled, 0, "--repair")
    assert (report["Customers"]["repairs"], report["Lines"]["repairs"]) == (3, 1)
    report_of(spoiled, 0)
    for table in ROWS:
        assert spoiled.items(table) == undisturbed.items(table)


def test_extra_item_whose_key_tells_no_row_is_counted_also_by_a_repair(move: Move) -> None:
    assert move.run().exit_code == 3
    extra = {"about": {"N": "4711"}, "said": {"S": "nothing"}}
    client_of(move.endpoint_url).put_item(TableName=f"{move.prefix}Remarks", Item=extra)
    assert report_of(move, 3, "--repair")["Remarks"]["counts"] == {"extra": 1}


def test_claim_on_a_key_whose_row_has_moved_away_is_told(move: Move) -> None:
    contract = json.loads(move.contract.read_text())
    tables = [each for each in contract["tables"] if each["table"] == "Codes"]  # nothing is unique
    move.contract = move.work.with_suffix(".json")
    move.contract.write_text(json.dumps({"tables": tables}))
    assert move.run().exit_code == 3
    texts = {
        "pk": "Codes#code#N:4711",
        "owner": "N:4711",
        "rank": "000#34711",
        "source": "code=4711",
    }
    claim = {name: {"S": text} for name, text in texts.items()}
    client_of(move.endpoint_url).put_item(TableName=f"{move.prefix}{CLAIMS}", Item=claim)
    [told] = report_of(move, 3)["Codes"]["differences"]
    assert (told["kind"], told["key"]) == ("stray claim", "code=4711")


@pytest.mark.parametrize("sample", ["0", "101%", "much"])
def test_a_share_that_is_none_is_refused(undisturbed: Move, sample: str) -> None:
    assert undisturbed.verify("--sample", sample).exit_code == 2


def test_what_differs_is_not_copied_from_a_sample(undisturbed: Move) -> None:
    refused = undisturbed.verify("--sample", "30%", "--repair")
    assert refused.exit_code == 2
    assert "leave --sample out" in refused.stderr


def test_the_memory_provider_has_nothing_to_verify(make_move: Any, tmp_path: Path) -> None:
    move = make_move(tmp_path)
    move.provider = "memory"
    result = move.verify()
    assert result.exit_code == 2
    assert "memory holds no tables to verify" in result.stderr
