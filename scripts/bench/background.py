"""What only this project does: relaying messages, and rebuilding a projection."""

from __future__ import annotations

import time
from collections.abc import Callable

from api.container import Container
from application.courses.roster import ROSTER
from domain.courses.boundaries import tagged
from domain.courses.events import CourseDefined, StudentEnrolled
from infrastructure.system.clock import SystemClock
from scripts.bench.data import Place
from scripts.bench.peers.dynastrata import container_at, new_user
from scripts.bench.processes import Taken

RELAY = "relay 100 messages"
REBUILD = "rebuild a projection of 1,000 events"

_MESSAGES = 100
_COMMITS = 4
_COURSES = 50
_STUDENTS = 19
_EVENTS = _COURSES * (1 + _STUDENTS)


class Background:
    """On tables of its own."""

    def __init__(self, place: Place) -> None:
        self._container = container_at(place)
        self._container.table_initializer().create_missing()
        self._registered = 0

    def enrol(self) -> None:
        """Appends the events that are folded; they are in the safe window for some seconds."""
        _enrol(self._container)

    def rebuild(self) -> Taken:
        """One rebuild of the projection, once all events are out of the safe window."""
        while self._rebuilt() < _EVENTS:
            time.sleep(1)
        return _timed(self._rebuilt, _EVENTS)

    def relay(self) -> Taken:
        """Relays 100 messages, each of a key of its own, once what was there before is gone."""
        self._relayed()
        for _ in range(_COMMITS):
            with self._container.unit_of_work() as unit:
                for _ in range(_MESSAGES // _COMMITS):
                    self._registered += 1
                    unit.users.add(new_user(f"told-{self._registered}"))
                unit.commit()
        return _timed(self._relayed, _MESSAGES)

    def _relayed(self) -> int:
        report = self._container.relay().work(self._container.relay_queue().pending())
        return report.published

    def _rebuilt(self) -> int:
        self._container.projection_runner(projectors=[ROSTER]).rebuild()
        state = self._container.projection_store().latest(ROSTER.name, ROSTER.version)
        return state.events_processed if state else 0


def _timed(work: Callable[[], int], count: int) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if done != count:
        raise RuntimeError(f"{done} were done instead of {count}")
    return Taken(cpu, wall)


def _enrol(container: Container) -> None:
    store, now = container.dcb_store(), SystemClock().now()
    for number in range(_COURSES):
        course = f"course-{number}"
        defined = CourseDefined(
            course_id=course, title="Algebra", capacity=_STUDENTS, occurred_at=now
        )
        store.append([tagged(defined)])
        enrolled = (
            StudentEnrolled(course_id=course, student_id=f"student-{n}", occurred_at=now)
            for n in range(_STUDENTS)
        )
        store.append([tagged(event) for event in enrolled])
