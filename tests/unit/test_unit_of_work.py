"""How a unit of work drives its participants through a commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import define, field, frozen

from application.errors import LimitExceeded, Throttled, UnitOfWorkMisused
from application.ports.event_store import EventMetadata
from domain.errors import Conflict, DynastrataError
from domain.events import DomainEvent
from infrastructure.commit.participant import Action, Commit, Overtaken, Participant, RecordedEvent
from infrastructure.commit.unit_of_work import BaseUnitOfWork
from tests.times import NOW


@frozen
class Write(Action):
    """An action that tests know by its name."""

    name: str


def writes(*names: str) -> list[Write]:
    """An action of each name."""
    return [Write(name) for name in names]


@define
class Recorder(Participant):
    """A participant that has some actions staged and remembers what it was told."""

    staged: list[Write] = field(factory=list)
    recorded: list[RecordedEvent] = field(factory=list)
    left: list[str] = field(factory=list)
    told: list[str] = field(factory=list)
    commits: list[Commit] = field(factory=list)

    def is_changed(self) -> bool:
        return bool(self.staged)

    def forgotten(self) -> Sequence[str]:
        return self.left

    def prepare(self) -> Sequence[RecordedEvent]:
        self.told.append("prepare")
        return self.recorded

    def actions(self, commit: Commit) -> Sequence[Action]:
        self.commits.append(commit)
        return self.staged

    def committed(self) -> None:
        self.told.append("committed")
        self.staged = []

    def clear(self) -> None:
        self.told.append("clear")
        self.staged, self.left = [], []


@define
class Sender:
    """Prepares transactions that end as scripted, the last way for ever."""

    endings: list[DynastrataError | None] = field(factory=lambda: [None])
    limit: int = 9
    prepared: list[tuple[str, list[Action]]] = field(factory=list)
    sent: list[str] = field(factory=list)

    def transaction(self, commit_id: str, actions: Sequence[Action]) -> Prepared:
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


def unit_of_work(sender: Sender, *participants: Recorder) -> BaseUnitOfWork:
    unit = BaseUnitOfWork(sender.transaction, CountedIds())
    for participant in participants:
        unit.enlist(participant)
    return unit


def unit_that_pauses(sender: Sender, participant: Recorder) -> tuple[BaseUnitOfWork, list[float]]:
    """A unit of work, and the pauses that it makes, in seconds."""
    pauses: list[float] = []
    unit = BaseUnitOfWork(sender.transaction, CountedIds(), sleep=pauses.append)
    unit.enlist(participant)
    return unit, pauses


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
    sender, one, other = Sender(), Recorder(writes("a", "b")), Recorder(writes("c"))

    unit_of_work(sender, one, other).commit()

    assert sender.prepared == [("commit-1", writes("a", "b", "c"))]
    assert (one.told, other.told) == (["prepare", "committed"], ["prepare", "committed"])


def test_participant_that_is_enlisted_first_writes_before_the_others() -> None:
    sender = Sender()
    unit = unit_of_work(sender, Recorder(writes("a"), [recorded(1)]), Recorder(writes("b")))
    first = Recorder(writes("first"), [recorded(2)])
    unit.enlist(first, first=True)
    unit.enlist(Recorder(writes("c")))

    unit.commit()

    assert sender.prepared == [("commit-1", writes("first", "a", "b", "c"))]
    assert first.commits == [Commit("commit-1", (recorded(2), recorded(1)))]


def test_every_participant_sees_the_events_of_all() -> None:
    first, second = recorded(1), recorded(2)
    one, other = Recorder(writes("a"), [first]), Recorder(writes("b"), [second])

    unit_of_work(Sender(), one, other).commit()

    assert one.commits == other.commits == [Commit("commit-1", (first, second))]


def test_what_follows_a_commit_is_written_in_its_transaction_and_sees_its_events() -> None:
    sender, event, seen = Sender(), recorded(1), list[Commit]()

    def follow(commit: Commit) -> list[Write]:
        seen.append(commit)
        return writes("message")

    unit = BaseUnitOfWork(sender.transaction, CountedIds(), follow)
    participant = Recorder(writes("a"), [event])
    unit.enlist(participant)
    unit.commit()
    participant.staged, participant.recorded = writes("b"), []
    unit.commit()

    assert sender.prepared == [
        ("commit-1", writes("a", "message")),
        ("commit-2", writes("b", "message")),
    ]
    assert seen == [Commit("commit-1", (event,)), Commit("commit-2", ())]


def test_without_actions_nothing_is_prepared_and_participants_are_done() -> None:
    sender, participant = Sender(), Recorder()

    unit_of_work(sender, participant).commit()

    assert (sender.prepared, participant.told) == ([], ["prepare", "committed"])


def test_forgotten_save_is_told_before_anything_is_prepared() -> None:
    participant = Recorder(writes("a"), left=["ada", "bob"])
    unit = unit_of_work(Sender(), Recorder(writes("b")), participant)

    with pytest.raises(UnitOfWorkMisused, match="ada, bob"):
        unit.commit()

    assert participant.told == []
    unit.check_open()


def test_commit_that_cannot_be_prepared_leaves_all_as_they_were_and_is_prepared_anew() -> None:
    one, other = Recorder(writes("a")), Recorder(writes("b"))
    sender = Sender(limit=1)
    unit = unit_of_work(sender, one, other)

    fails(unit.commit, LimitExceeded)

    assert (one.told, other.told) == (["prepare"], ["prepare"])
    assert (sender.prepared, sender.sent) == ([], [])
    unit.check_open()

    other.staged = []
    unit.commit()

    assert sender.prepared == [("commit-2", writes("a"))]
    assert (one.told, other.told) == (["prepare", "prepare", "committed"],) * 2


def test_after_a_conflict_the_next_commit_is_another_one_that_is_prepared_anew() -> None:
    sender, participant = Sender([Conflict(), None]), Recorder(writes("a"))
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Conflict)
    unit.commit()

    assert participant.told == ["prepare", "prepare", "committed"]
    assert sender.sent == ["commit-1", "commit-2"]


def test_commit_that_is_overtaken_is_prepared_anew_after_a_pause() -> None:
    sender, participant = Sender([Overtaken("a guard"), None]), Recorder(writes("a"))
    unit, pauses = unit_that_pauses(sender, participant)

    unit.commit()

    assert sender.sent == ["commit-1", "commit-2"]
    assert participant.told == ["prepare", "prepare", "committed"]
    assert len(pauses) == 1


def test_commit_that_is_overtaken_thirty_times_is_throttled() -> None:
    sender, participant = Sender([Overtaken("a guard")]), Recorder(writes("a"))
    unit, pauses = unit_that_pauses(sender, participant)

    with pytest.raises(Throttled) as throttled:
        unit.commit()

    assert (throttled.value.attempts, throttled.value.reasons) == (30, ("a guard has moved",))
    assert len(sender.sent) == 30
    unit.check_open()
    # Up to five milliseconds at first, twice as long each time, and up to half a second.
    longest = [min(0.005 * 2**attempt, 0.5) for attempt in range(29)]
    assert all(0 <= pause <= most for pause, most in zip(pauses, longest, strict=True))


def test_commit_that_is_overtaken_to_the_last_attempt_but_one_is_committed() -> None:
    sender = Sender([*[Overtaken("a guard")] * 29, None])
    unit, _ = unit_that_pauses(sender, Recorder(writes("a")))

    unit.commit()

    assert len(sender.sent) == 30


def test_other_failure_is_resumed_by_the_next_commit() -> None:
    sender = Sender([Throttled(operation="PutItem"), None])
    participant = Recorder(writes("a"))
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Throttled)
    unit.commit()
    unit.commit()

    assert sender.sent == ["commit-1", "commit-1"]
    assert participant.told == ["prepare", "committed", "prepare", "committed"]


def test_resumed_commit_that_is_refused_is_not_committed() -> None:
    sender = Sender([Throttled(operation="PutItem"), Conflict()])
    participant = Recorder(writes("a"))
    unit = unit_of_work(sender, participant)

    fails(unit.commit, Throttled)
    fails(unit.commit, Conflict)

    assert participant.told == ["prepare"]
    unit.check_open()


def test_nothing_may_be_staged_until_a_commit_is_settled() -> None:
    sender = Sender([Throttled(operation="PutItem"), Throttled(operation="PutItem"), None])
    unit = unit_of_work(sender, Recorder(writes("a")))
    unit.check_open()

    for _ in range(2):
        fails(unit.commit, Throttled)
        with pytest.raises(UnitOfWorkMisused, match="under way"):
            unit.check_open()

    unit.commit()
    unit.check_open()


@define
class Interrupted(Recorder):
    """Is interrupted when it is told for the first time that its commit has happened."""

    def committed(self) -> None:
        super().committed()
        if self.told.count("committed") == 1:
            raise KeyboardInterrupt


def test_commit_that_is_interrupted_once_it_happened_is_not_settled_until_all_know() -> None:
    sender, interrupted, other = Sender(), Interrupted(writes("a")), Recorder(writes("b"))
    unit = unit_of_work(sender, interrupted, other)

    with pytest.raises(KeyboardInterrupt):
        unit.commit()
    with pytest.raises(UnitOfWorkMisused, match="under way"):
        unit.check_open()
    unit.commit()

    assert [commit_id for commit_id, _ in sender.prepared] == ["commit-1"]
    assert (interrupted.told, other.told) == (
        ["prepare", "committed", "committed"],
        ["prepare", "committed"],
    )
    unit.check_open()


def test_rollback_gives_up_the_commit_that_was_under_way() -> None:
    sender, participant = Sender([Throttled(operation="PutItem"), None]), Recorder(writes("a"))
    unit = unit_of_work(sender, participant)
    fails(unit.commit, Throttled)

    unit.rollback()
    unit.check_open()
    unit.commit()

    assert (sender.sent, participant.told) == (
        ["commit-1"],
        ["prepare", "clear", "prepare", "committed"],
    )


@pytest.mark.parametrize("participant", [Recorder(writes("a")), Recorder(left=["ada"])])
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

    assert participant.told == ["prepare", "committed", "clear"]


def test_leaving_the_block_by_an_exception_rolls_back_and_lets_it_through() -> None:
    participant = Recorder(writes("a"))

    with pytest.raises(KeyboardInterrupt), unit_of_work(Sender(), participant):
        raise KeyboardInterrupt

    assert participant.told == ["clear"]
