"""Whose error a refusal is, and how a lost answer is settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from application.errors import (
    CommitOutcomeUnknown,
    RequestRejected,
    ServiceFault,
    Throttled,
    Unreachable,
)
from infrastructure.dynamodb.transaction.actions import Verdict
from tests.unit.dynamodb.scripted import (
    FakeTime,
    cancellation,
    gateway,
    lost,
    not_sent,
    refusal,
    sent,
)
from tests.unit.dynamodb.things import (
    CONDITION_FAILED,
    FAILED,
    OLD,
    Refusal,
    Refused,
    check,
    transaction,
    write,
)

TOKEN_SECONDS = 600.0
"""How long the service remembers a client request token. Source: API reference."""

TOKEN_USED = refusal("IdempotentParameterMismatchException")


@pytest.mark.parametrize(
    ("reasons", "owner"),
    [
        ([FAILED, "None", "None"], "one"),
        (["None", "None", FAILED], "three"),
        (["None", FAILED, FAILED], "two"),
        (["TransactionConflict", "None", FAILED], "three"),
    ],
)
def test_refusal_is_the_error_of_the_first_action_whose_condition_failed(
    reasons: list[Any], owner: str
) -> None:
    door = gateway(cancellation(*reasons))
    names = ("one", "two", "three")

    with pytest.raises(Refused) as refused:
        transaction(door, *[write(name, Refusal(name)) for name in names]).commit()

    assert refused.value.by == owner
    assert len(sent(door)) == 1


def test_refusal_of_a_plain_write_is_the_error_of_its_condition() -> None:
    door = gateway(CONDITION_FAILED)

    with pytest.raises(Refused) as refused:
        transaction(door, write("a", Refusal("a"), repeatable=True)).commit()

    assert refused.value.by == "a"


@pytest.mark.parametrize(
    ("first_content", "second_content", "owner"),
    [(True, False, "second"), (False, True, "first"), (False, False, "first")],
)
def test_refusal_of_a_merged_condition_is_that_of_the_part_that_failed(
    first_content: bool, second_content: bool, owner: str
) -> None:
    door = gateway(cancellation(FAILED))
    first = check("a", Refusal("first", content=first_content))
    second = write("a", Refusal("second", content=second_content))

    with pytest.raises(Refused) as refused:
        transaction(door, first, second).commit()

    assert refused.value.by == owner


def test_refusal_that_none_can_explain_is_a_rejection() -> None:
    door = gateway(cancellation(FAILED, "None"))

    with pytest.raises(RequestRejected, match="that the stored item meets"):
        transaction(door, write("a", Refusal("a", content=True)), write("b")).commit()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("ThrottlingException"), Throttled),
        (refusal("TransactionConflictException"), Throttled),
        (cancellation("None", "TransactionConflict"), Throttled),
        (cancellation("None", "ThrottlingError"), Throttled),
        (cancellation("None", "NobodyKnowsThis"), ServiceFault),
        (cancellation("None", "ValidationError"), RequestRejected),
        (refusal("IdempotentParameterMismatchException"), RequestRejected),
        (not_sent(), Unreachable),
    ],
)
def test_other_failure_known_to_have_written_nothing_comes_out_as_it_is(
    answer: Exception, error: type[Exception]
) -> None:
    with pytest.raises(error):
        transaction(gateway(answer), write("a", Refusal("a")), write("b")).commit()


@pytest.mark.parametrize(
    "answer",
    [
        *(lost(), refusal("InternalServerError", 500), refusal("TransactionInProgressException")),
        # As many reasons as actions, or nothing can be told from them.
        *(cancellation(FAILED), cancellation()),
    ],
)
def test_failure_that_may_have_written_leaves_the_outcome_unknown(answer: Exception) -> None:
    with pytest.raises(CommitOutcomeUnknown) as unknown:
        transaction(gateway(answer), write("a", Refusal("a")), write("b")).commit()

    assert unknown.value.commit_id == "commit-1"


def test_refusal_after_a_lost_answer_is_success_where_the_item_shows_our_commit() -> None:
    door = gateway(lost(), CONDITION_FAILED)
    subject = transaction(door, write("a", Refusal("a", verdict_=Verdict.APPLIED), repeatable=True))

    subject.commit()
    subject.commit()

    assert len(sent(door)) == 2


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(Verdict.REFUSED, Refused), (Verdict.UNKNOWN, CommitOutcomeUnknown)],
)
def test_refusal_of_a_plain_write_after_a_lost_answer_is_what_the_item_tells(
    verdict: Verdict, error: type[Exception]
) -> None:
    door = gateway(lost(), CONDITION_FAILED)

    with pytest.raises(error):
        transaction(door, write("a", Refusal("a", verdict_=verdict), repeatable=True)).commit()


def test_refusal_of_a_transaction_after_a_lost_answer_is_told_once_its_token_is_spent() -> None:
    door = gateway(lost(), cancellation(FAILED, "None"), {})

    with pytest.raises(Refused):
        transaction(door, write("a", Refusal("a", verdict_=Verdict.UNKNOWN)), write("b")).commit()

    (_, first), (_, again), (method, spent) = sent(door)
    assert first == again
    assert method == "transact_write_items"
    assert spent["ClientRequestToken"] == first["ClientRequestToken"]
    assert [list(action) for action in spent["TransactItems"]] == [["ConditionCheck"]]


def test_refusal_of_a_single_creation_is_told_once_its_token_is_spent() -> None:
    door = gateway(lost(), cancellation(FAILED), {})

    with pytest.raises(Refused):
        transaction(door, write("a", Refusal("a", verdict_=Verdict.UNKNOWN))).commit()

    assert [method for method, _ in sent(door)] == ["transact_write_items"] * 3


def test_refusal_that_is_final_stays_however_late_the_commit_is_resumed() -> None:
    time = FakeTime()
    door = gateway(lost(), cancellation(FAILED, "None"), {}, time=time)
    subject = transaction(door, write("a", Refusal("a")), write("b"))

    for now in (0.0, TOKEN_SECONDS):
        time.now = now
        assert _outcome(subject.commit) is Refused


def test_token_that_a_late_request_used_shows_that_it_was_applied() -> None:
    door = gateway(lost(), cancellation(FAILED, "None"), TOKEN_USED, {})
    subject = transaction(door, write("a", Refusal("a")), write("b"))

    subject.commit()
    subject.commit()

    (_, first), *_, (_, confirmed) = sent(door)
    assert (first, len(sent(door))) == (confirmed, 4)


def test_token_that_was_used_for_something_else_leaves_the_outcome_unknown() -> None:
    door = gateway(lost(), cancellation(FAILED, "None"), TOKEN_USED, cancellation(FAILED, "None"))
    subject = transaction(door, write("a", Refusal("a")), write("b"))

    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()


def test_refusal_whose_token_could_not_be_spent_is_told_when_the_commit_is_resumed() -> None:
    door = gateway(lost(), cancellation(FAILED, "None"), lost(), lost(), {}, attempts=2)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    with pytest.raises(Refused):
        subject.commit()

    *_, spent, spent_again, spent_at_last = (request for _, request in sent(door))
    assert spent == spent_again == spent_at_last


def test_refusal_of_a_plain_write_after_a_lost_answer_has_no_token_to_spend() -> None:
    door = gateway(lost(), CONDITION_FAILED)

    with pytest.raises(Refused):
        transaction(
            door, write("a", Refusal("a", verdict_=Verdict.REFUSED), repeatable=True)
        ).commit()

    assert len(sent(door)) == 2


def test_refusal_without_doubt_spends_nothing() -> None:
    door = gateway(cancellation(FAILED, "None"))

    with pytest.raises(Refused):
        transaction(door, write("a", Refusal("a")), write("b")).commit()

    assert len(sent(door)) == 1


def test_refusal_without_a_lost_answer_asks_no_item() -> None:
    door = gateway(refusal("TransactionConflictException"), CONDITION_FAILED)

    with pytest.raises(Refused):
        transaction(
            door, write("a", Refusal("a", verdict_=Verdict.APPLIED), repeatable=True)
        ).commit()


@pytest.mark.parametrize(
    ("again", "error"),
    [
        ({}, None),
        (lost(), CommitOutcomeUnknown),
        (refusal("ThrottlingException"), CommitOutcomeUnknown),
        (refusal("AccessDeniedException"), CommitOutcomeUnknown),
    ],
)
def test_unknown_outcome_is_settled_by_committing_again(
    again: Any, error: type[Exception] | None
) -> None:
    door = gateway(lost(), again, attempts=1)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    assert _outcome(subject.commit) is error


def test_unknown_outcome_that_turns_out_refused_is_told_once_the_token_is_spent() -> None:
    door = gateway(lost(), cancellation(FAILED, "None"), {}, attempts=1)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    assert _outcome(subject.commit) is Refused
    assert len(sent(door)) == 3


def test_transaction_is_sent_again_only_while_the_service_remembers_its_token() -> None:
    time = FakeTime(now=1000.0)
    door = gateway(lost(), time=time, attempts=1, deadline=30.0)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    time.now = 1000.0 + TOKEN_SECONDS - 30.5  # the last attempt would still be in time
    assert _outcome(subject.commit) is CommitOutcomeUnknown
    assert sent(door)[-1][0] == "transact_write_items"

    time.now = 1000.0 + TOKEN_SECONDS - 30.0
    assert _outcome(subject.commit) is not None
    assert sent(door)[-1][0] == "get_item"


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict.APPLIED, None),
        (Verdict.REFUSED, CommitOutcomeUnknown),
        (Verdict.UNKNOWN, CommitOutcomeUnknown),
    ],
)
def test_later_the_items_are_read_for_traces_of_the_commit(
    verdict: Verdict, error: type[Exception] | None
) -> None:
    time = FakeTime()
    door = gateway(lost(), {"Item": OLD}, time=time, attempts=1)
    subject = transaction(door, write("a"), write("b", Refusal("b", verdict_=verdict)))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    time.now = TOKEN_SECONDS

    assert _outcome(subject.commit) is error
    assert {method for method, _ in sent(door)[1:]} == {"get_item"}
    assert all(request["ConsistentRead"] for _, request in sent(door)[1:])


def test_commit_that_its_items_show_is_not_looked_for_again() -> None:
    time = FakeTime()
    door = gateway(lost(), {"Item": OLD}, time=time, attempts=1)
    subject = transaction(door, write("a", Refusal("a", verdict_=Verdict.APPLIED)))
    assert _outcome(subject.commit) is CommitOutcomeUnknown

    time.now = TOKEN_SECONDS
    subject.commit()
    subject.commit()

    assert len(sent(door)) == 2


def test_outcome_stays_unknown_where_the_items_cannot_be_read() -> None:
    time = FakeTime()
    door = gateway(lost(), time=time, attempts=1)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    assert _outcome(subject.commit) is CommitOutcomeUnknown

    time.now = TOKEN_SECONDS

    assert _outcome(subject.commit) is CommitOutcomeUnknown
    assert sent(door)[-1][0] == "get_item"


def test_plain_write_is_sent_again_however_late() -> None:
    time = FakeTime()
    door = gateway(lost(), {}, time=time, attempts=1)
    subject = transaction(door, write("a", Refusal("a"), repeatable=True))
    with pytest.raises(CommitOutcomeUnknown):
        subject.commit()

    time.now = 10 * TOKEN_SECONDS
    subject.commit()

    assert [method for method, _ in sent(door)] == ["put_item", "put_item"]


@pytest.mark.parametrize(
    ("answer", "error"), [(not_sent(), Unreachable), (cancellation(FAILED, "None"), Refused)]
)
def test_failure_known_to_have_written_nothing_leaves_no_doubt_for_later(
    answer: Exception, error: type[Exception]
) -> None:
    time = FakeTime()
    door = gateway(answer, {}, time=time, attempts=1)
    subject = transaction(door, write("a", Refusal("a")), write("b"))
    with pytest.raises(error):
        subject.commit()

    time.now = TOKEN_SECONDS
    subject.commit()

    assert [method for method, _ in sent(door)] == ["transact_write_items"] * 2


def _outcome(commit: Callable[[], None]) -> type[Exception] | None:
    try:
        commit()
    except Exception as error:  # noqa: BLE001 whatever comes is compared
        return type(error)
    return None
