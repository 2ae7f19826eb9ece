"""What the gateway does not send while the store is out: retries beyond a quota, and any try."""

from __future__ import annotations

import pytest
from attrs import evolve
from botocore.exceptions import NoCredentialsError, ParamValidationError

from application.errors import CircuitOpen, ServiceFault, StorageError, Unreachable
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.metering import Meter
from infrastructure.system.breakers import BreakerOptions, Breakers
from tests.unit.dynamodb.scripted import (
    Answer,
    FakeTime,
    ScriptedClient,
    cancellation,
    gateway,
    lost,
    not_sent,
    refusal,
    sent,
)

USERS = {"TableName": "users"}
BOTH = {"TransactItems": [{"Put": {"TableName": name}} for name in ("events", "users")]}
FAULT = refusal("InternalServerError", 500)


def guarded(*answers: Answer, failures: int = 2, attempts: int = 1) -> Gateway:
    """A gateway that leaves a table alone after so many failures in a row."""
    policy, options = FakeTime().policy(attempts=attempts), BreakerOptions(failures=failures)
    return Gateway(ScriptedClient(list(answers)), Meter(), policy, Breakers(options))


def failure(door: Gateway, operation: str = "PutItem", **request: object) -> StorageError:
    with pytest.raises(StorageError) as raised:
        door.call(operation, request or USERS)
    return raised.value


class TestTheQuota:
    def test_retries_end_when_it_is_used_up(self) -> None:
        assert failure(gateway(FAULT, attempts=4, quota=2 * 14 - 1)).attempts == 2
        door = gateway(FAULT, attempts=4, quota=2 * 14)

        assert failure(door).attempts == 3
        assert [failure(door).attempts for _ in range(3)] == [1, 1, 1]

    @pytest.mark.parametrize(("quota", "attempts"), [(2 * 5, 3), (2 * 5 - 1, 2)])
    def test_a_throttled_retry_takes_less_of_it(self, quota: int, attempts: int) -> None:
        door = gateway(refusal("ThrottlingException"), attempts=4, quota=quota)

        assert failure(door).attempts == attempts

    def test_a_retry_that_succeeds_gives_back_what_it_took(self) -> None:
        door = gateway(FAULT, {}, FAULT, {}, FAULT, {}, quota=14)

        for _ in range(3):
            door.call("PutItem", USERS)

        assert len(sent(door)) == 6

    @pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "ValidationException"])
    def test_so_does_one_that_is_refused_for_good(self, code: str) -> None:
        door = gateway(FAULT, refusal(code), FAULT, {}, quota=14)
        assert failure(door).attempts == 2

        assert door.call("PutItem", USERS) == {}

    def test_calls_that_succeed_at_once_fill_it_again(self) -> None:
        door = gateway(FAULT, FAULT, *([{}] * 14), FAULT, {}, attempts=2, quota=14)
        assert failure(door).attempts == 2

        for _ in range(15):
            door.call("PutItem", USERS)

        assert len(sent(door)) == 2 + 14 + 2

    def test_fewer_of_them_do_not(self) -> None:
        door = gateway(FAULT, FAULT, *([{}] * 13), FAULT, {}, attempts=2, quota=14)
        failure(door)
        for _ in range(13):
            door.call("PutItem", USERS)

        assert failure(door).attempts == 1

    def test_other_writers_take_nothing_of_it(self) -> None:
        contended = refusal("TransactionConflictException")
        door = gateway(contended, contended, contended, {}, quota=0)

        assert door.call("PutItem", USERS) == {}

    def test_it_is_taken_by_no_call_that_cannot_be_tried_again(self) -> None:
        door = gateway(refusal("ValidationException"), FAULT, {}, quota=14)
        failure(door)

        assert door.call("PutItem", USERS) == {}


class TestTheBreaker:
    @pytest.mark.parametrize("out", [FAULT, lost(), not_sent(), refusal("Surprise", 503)])
    def test_a_table_that_is_out_is_left_alone(self, out: Exception) -> None:
        door = guarded(out)
        failure(door)
        failure(door)

        error = failure(door)

        assert isinstance(error, CircuitOpen)
        assert (error.table, error.attempts, error.maybe_applied) == ("users", 0, False)
        assert 0 < error.retry_after <= 5
        assert len(sent(door)) == 2

    @pytest.mark.parametrize(
        "answered",
        [
            *(refusal("ConditionalCheckFailedException"), refusal("ValidationException")),
            *(refusal("ThrottlingException"), refusal("TransactionConflictException")),
            *(refusal("AccessDeniedException"), refusal("TransactionInProgressException")),
        ],
    )
    def test_a_table_that_refuses_is_not(self, answered: Exception) -> None:
        door = guarded(FAULT, answered, FAULT, answered)
        for _ in range(4):
            failure(door)

        assert door.breakers.open == {}

    def test_a_cancelled_transaction_is_an_answer_of_every_table(self) -> None:
        door = guarded(FAULT, cancellation("None", "ConditionalCheckFailed"), FAULT, failures=2)
        failure(door)
        failure(door, "TransactWriteItems", **BOTH)
        failure(door)

        assert door.breakers.open == {}

    def test_a_failed_transaction_opens_what_its_tables_have_in_common(self) -> None:
        door = guarded(FAULT, {}, failures=1)
        failure(door, "TransactWriteItems", **BOTH)

        assert isinstance(failure(door, "TransactWriteItems", **BOTH), CircuitOpen)
        assert door.breakers.open.keys() == {"events, users"}
        assert door.call("GetItem", USERS) == {}

    @pytest.mark.parametrize("unsent", [NoCredentialsError(), ParamValidationError(report="")])
    def test_what_is_not_sent_is_no_answer(self, unsent: Exception) -> None:
        door = guarded(FAULT, unsent, FAULT)
        for _ in range(3):
            failure(door)

        assert door.breakers.open.keys() == {"users"}

    def test_a_transaction_is_not_sent_when_one_of_its_tables_is_out(self) -> None:
        door = guarded(FAULT, {}, failures=1)
        failure(door)

        error = failure(door, "TransactWriteItems", **BOTH)

        assert isinstance(error, CircuitOpen)
        assert error.table == "events, users"
        assert len(sent(door)) == 1

    def test_other_tables_are_read_and_written_as_ever(self) -> None:
        door = guarded(FAULT, {}, failures=1)
        failure(door)

        assert door.call("GetItem", {"TableName": "events"}) == {}

    def test_a_call_whose_failure_opens_it_tries_no_more(self) -> None:
        door = guarded(FAULT, failures=2, attempts=4)

        error = failure(door)

        assert (type(error), error.attempts, error.maybe_applied) == (ServiceFault, 2, True)

    def test_a_call_that_finds_it_open_on_the_way_keeps_what_it_knows(self) -> None:
        breakers = Breakers(BreakerOptions(failures=2))

        def sleep(_: float) -> None:
            breakers.tell(["users"], "500")  # what another thread meets meanwhile

        policy = evolve(FakeTime().policy(), sleep=sleep)
        error = failure(Gateway(ScriptedClient([lost()]), Meter(), policy, breakers))

        assert isinstance(error, CircuitOpen)
        assert (error.attempts, error.maybe_applied) == (1, True)

    def test_tables_are_described_and_made_all_the_same(self) -> None:
        door = guarded(FAULT, {}, failures=1)
        failure(door)

        assert door.call("DescribeTable", USERS) == {}
        assert door.breakers.open.keys() == {"users"}

    def test_it_counts_as_unreachable(self) -> None:
        door = guarded(FAULT, failures=1)
        failure(door)

        assert isinstance(failure(door), Unreachable)
        assert "left alone" in str(failure(door))
