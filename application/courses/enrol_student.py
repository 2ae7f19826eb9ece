"""Enrolling a student in a course."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from application.append_decision import append_decision
from application.ports.clock import Clock
from application.ports.dcb_store import DcbStore
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.courses.boundaries import of_course, of_student, tagged
from domain.courses.course import Course, Student, enrol
from domain.events import DomainEvent
from domain.tagged_events import TaggedEvent


@frozen
class EnrolStudent:
    """Gives a student a seat of a course: one decision on both, as neither alone could make it."""

    unit_of_work: UnitOfWorkFactory
    dcb_store: DcbStore
    clock: Clock

    def __call__(self, course_id: str, student_id: str) -> Course:
        """The course with the student.

        Raises `CourseNotFound`, `AlreadyEnrolled`, `CourseIsFull`, `TooManyCourses`; and
        `AppendConditionFailed` where others enrolled in it, or the student elsewhere, each time.
        """
        course, student = Course(id=course_id), Student(id=student_id)

        def decide(events: Sequence[DomainEvent]) -> list[TaggedEvent]:
            return [tagged(enrol(course.after(events), student.after(events), self.clock.now()))]

        query = of_course(course_id) | of_student(student_id)
        return course.after(append_decision(self.unit_of_work, self.dcb_store, query, decide))
