"""The timetable: which courses each student takes. Names and fields are stored, see `Projector`."""

from __future__ import annotations

from attrs import evolve, field, frozen

from application.ports.dcb_store import SequencedEvent
from application.projector import Projector
from domain.courses.events import StudentEnrolled, StudentWithdrew
from domain.tagged_events import Query


@frozen(kw_only=True)
class Timetable:
    """The ids of courses by the id of the student, in the order of enrolment."""

    students: dict[str, tuple[str, ...]] = field(factory=dict)


def fold(timetable: Timetable, event: SequencedEvent) -> Timetable:
    """The timetable after an event."""
    match event.event:
        case StudentEnrolled(course_id=course_id, student_id=student_id):
            courses = (*timetable.students.get(student_id, ()), course_id)
        case StudentWithdrew(course_id=course_id, student_id=student_id):
            before = timetable.students.get(student_id, ())
            courses = tuple(course for course in before if course != course_id)
        case _:
            return timetable
    return evolve(timetable, students={**timetable.students, student_id: courses})


TIMETABLE = Projector(
    name="timetable",
    version="1",
    query=Query.of(types={StudentEnrolled, StudentWithdrew}),
    payload_type="Timetable",
    state_type=Timetable,
    initial=Timetable,
    fold=fold,
)
