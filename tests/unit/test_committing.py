"""How a unit of work drives its participants through a commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import define, field

from application.errors import LimitExceeded, Throttled, UnitOfWorkMisused
from application.ports.event_store import EventMetadata
from domain.errors import Conflict, DynastrataError
from domain.events import DomainEvent
from infrastructure.committing import BaseUnitOfWork, Commit, RecordedEvent
from tests.users import NOW


@define
class Recorder:
    """A participant that has some actions staged and remembers what it was told."""

    staged: list[str] = field(factory=list)
    recorded: list[RecordedEvent] = field(factory=list)
    left: list[str] = field(factory=list)
    told: list[str] = field(factory=list)
    commits: list[Commit] = field(factory=list)

    def is_changed(self) -> bool:
        return bool(self.staged)

    def forgotten(self) -> Sequence[str]:
        return self.left

    def begin(self) -> Sequence[RecordedEvent]:
        self.told.append("begin")
        return self.recorded

    def actions(self, commit: Commit) -> Sequence[str]:
        self.commits.append(commit)
        return self.staged

    def committed(self) -> None:
        self.told.append("committed")
        self.staged = []

    def abandoned(self) -> None:
        self.told.append("abandoned")

    def clear(self) -> None:
        self.told.append("clear")
        self.staged, self.left = [], []


@define
class Sender:
    """Prepares transactions that end as scripted, the last way for ever."""

    endings: list[DynastrataError | None] = field(factory=lambda: [None])
    limit: int = 9
    prepared: list[tuple[str, list[str]]] = field(factory=list)
    sent: list[str] = field(factory=list)

    def begin(self, commit_id: str, actions: Sequence[str]) -> Prepared:
        if len(actions) > self.limit:
            raise LimitExceeded("actions in one commit", len(actions), self.limit, "actions")
        self.prepared.append((commit_id, list(actions)))
        return Prepared(self, commit_id)


@define
class Prepared:
    sender: Sender
    commit_id: str

    def commit(self) -> None:
        ending = self.sender.endings[min(len(self.sender.sent), len(self.sender.endings) - 1)]
        self.sender.sent.append(self.commit_id)
        if ending is not None:
            raise ending


@define
class CountedIds:
    """Ids `commit-1`, `commit-2`, and so on."""

    made: int = 0

    def new_id(self) -> str:
        self.made += 1
        return f"commit-{self.made}"

    def new_secret(self) -> str:
        raise NotImplementedError


def unit_of_work(sender: Sender, *participants: Recorder) -> BaseUnitOfWork[str]:
    unit = BaseUnitOfWork(sender.begin, CountedIds())
    for participant in participants:
        unit.enlist(participant)
    return unit


def recorded(version: int) -> RecordedEvent:
    return RecordedEvent(
        event=DomainEvent(occurred_at=NOW),
        aggregate_type="Thing",
        aggregate_id="1",
        version=version,
        metadata=EventMetadata(),
    )


def fails(call: Callable[[], None], error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_all_participants_write_in_one_transaction_in_the_order_they_were_enlisted() -> None:
    sender, one, other = Sender(), Recorder(["a", "b"]), Recorder(["c"])

    unit_of_work(sender, one, other).commit()

    assert sender.prepared == [("commit-1", ["a", "b", "c"])]
    assert (one.told, other.told) == (["begin", "committed"], ["begin", "committed"])


def test_every_participant_sees_the_events_of_all() -> None:
    first, second = recorded(1), recorded(2)
    one, other = Recorder(["a"], [first]), Recorder(["b"], [second])

    unit_of_work(Sender(), one, other).commit()

    assert one.commits == other.commits == [Commit("commit-1", (first, second))]


def test_what_follows_a_commit_is_written_in_its_transaction_and_sees_its_events() -> None:
    sender, event, seen = Sender(), recorded(1), list[Commit]()

    def follow(commit: Commit) -> list[str]:
        seen.append(commit)
        return ["message"]

    unit = BaseUnitOfWork(sender.begin, CountedIds(), follow)
    unit.enlist(Recorder(["a"], [event]))
    unit.commit()
    unit.commit_apart(Recorder(["b"]))

    assert sender.prepared == [("commit-1", ["a", "message"]), ("commit-2", ["b", "message"])]
    assert seen == [Commit("commit-1", (event,)), Commit("commit-2", ())]


def test_without_actions_nothing_is_prepared_and_participants_are_done() -> None:
    sender, participant = Sender(), Recorder()

    unit_of_work(sender, participant).commit()

    assert (sender.prepared, participant.told) == ([], ["begin", "committed"])


def test_forgotten_save_is_told_before_anything_begins() -> None:
    participant = Recorder(["a"], left=["ada", "bob"])
    unit = unit_of_work(Sender(), Recorder(["b"]), participant)

    with pytest.raises(UnitOfWorkMisused, match="ada, bob"):
        unit.commit()

    assert participant.told == []


def test_commit_that_cannot_be_prepared_is_abandoned_by_all() -> None:
    one, other = Recorder(["a"]), Recorder(["b"])
    unit = unit_of_work(Sender(limit=1), one, other)

    fails(unit.commit, LimitExceeded)

    assert (one.told, other.told) == (["begin", "abandoned"], ["begin", "abandoned"])


def test_conflict_is_abandoned_by_all_and_the_next_commit_is_another_one() -> None:
    sender, participant = Sender([Conflict(), None]), Recorder(["a"])
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Conflict)
    unit.commit()

    assert participant.told == ["begin", "abandoned", "begin", "committed"]
    assert sender.sent == ["commit-1", "commit-2"]


def test_other_failure_is_resumed_by_the_next_commit() -> None:
    sender = Sender([Throttled(operation="PutItem"), None])
    participant = Recorder(["a"])
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Throttled)
    unit.commit()
    unit.commit()

    assert sender.sent == ["commit-1", "commit-1"]
    assert participant.told == ["begin", "committed", "begin", "committed"]


def test_resumed_commit_that_is_refused_is_abandoned() -> None:
    sender = Sender([Throttled(operation="PutItem"), Conflict()])
    participant = Recorder(["a"])
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Throttled)
    fails(unit.commit, Conflict)

    assert participant.told == ["begin", "abandoned"]


def test_rollback_gives_up_the_commit_that_was_under_way() -> None:
    sender, participant = Sender([Throttled(operation="PutItem"), None]), Recorder(["a"])
    unit = unit_of_work(sender, participant)
    fails(unit.commit, Throttled)

    unit.rollback()
    unit.commit()

    assert (sender.sent, participant.told) == (
        ["commit-1"],
        ["begin", "clear", "begin", "committed"],
    )


@pytest.mark.parametrize("participant", [Recorder(["a"]), Recorder(left=["ada"])])
def test_leaving_the_block_with_changes_is_misuse_and_rolls_back(participant: Recorder) -> None:
    with (
        pytest.raises(UnitOfWorkMisused, match="not committed"),
        unit_of_work(Sender(), participant),
    ):
        pass

    assert participant.told == ["clear"]


def test_leaving_the_block_without_changes_is_quiet() -> None:
    participant = Recorder()

    with unit_of_work(Sender(), participant) as unit:
        unit.commit()

    assert participant.told == ["begin", "committed", "clear"]


def test_leaving_the_block_by_an_exception_rolls_back_and_lets_it_through() -> None:
    participant = Recorder(["a"])

    with pytest.raises(KeyboardInterrupt), unit_of_work(Sender(), participant):
        raise KeyboardInterrupt

    assert participant.told == ["clear"]


def test_one_participant_can_commit_apart_from_what_others_have_staged() -> None:
    sender, staged, apart = Sender(), Recorder(["a"]), Recorder(["b"])
    unit = unit_of_work(sender, staged)

    unit.commit_apart(apart)
    unit.commit()

    assert sender.prepared == [("commit-1", ["b"]), ("commit-2", ["a"])]
    assert (staged.told, apart.told) == (["begin", "committed"], ["begin", "committed"])
