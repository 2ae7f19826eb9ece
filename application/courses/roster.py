"""The roster: who is enrolled in which course. Names and fields are stored, see `Projector`."""

from __future__ import annotations

from attrs import evolve, field, frozen

from application.ports.dcb_store import SequencedEvent
from application.projector import Projector
from domain.courses.events import CourseDefined, StudentEnrolled, StudentWithdrew
from domain.tagged_events import Query


@frozen(kw_only=True)
class CourseRoster:
    """One course with its students, in the order in which they enrolled."""

    title: str
    capacity: int
    students: tuple[str, ...] = ()


@frozen(kw_only=True)
class Roster:
    """The courses by their ids."""

    courses: dict[str, CourseRoster] = field(factory=dict)


def fold(roster: Roster, event: SequencedEvent) -> Roster:
    """The roster after an event."""
    match event.event:
        case CourseDefined(course_id=course_id, title=title, capacity=capacity):
            course = CourseRoster(title=title, capacity=capacity)
        case StudentEnrolled(course_id=course_id, student_id=student_id):
            course = roster.courses[course_id]
            course = evolve(course, students=(*course.students, student_id))
        case StudentWithdrew(course_id=course_id, student_id=student_id):
            course = roster.courses[course_id]
            left = tuple(student for student in course.students if student != student_id)
            course = evolve(course, students=left)
        case _:
            return roster
    return evolve(roster, courses={**roster.courses, course_id: course})


ROSTER = Projector(
    name="roster",
    version="1",
    query=Query.of(types={CourseDefined, StudentEnrolled, StudentWithdrew}),
    payload_type="Roster",
    state_type=Roster,
    initial=Roster,
    fold=fold,
)
