"""Looking at the courses of a student."""

from __future__ import annotations

from attrs import frozen

from application.append_decision import domain_events
from application.ports.dcb_store import DcbStore
from domain.courses.boundaries import of_student
from domain.courses.course import Student


@frozen
class GetTimetable:
    """Which courses a student is enrolled in."""

    dcb_store: DcbStore

    def __call__(self, student_id: str) -> Student:
        """The student as decisions see them: without courses where nobody has this id."""
        events = self.dcb_store.read(of_student(student_id)).events
        return Student(id=student_id).after(domain_events(events))
