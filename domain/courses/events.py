"""What happens to courses. Fields are stored: a changed one needs an upcaster."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent


@frozen(kw_only=True)
class CourseEvent(DomainEvent):
    """Something that happened to one course."""

    course_id: str


@frozen(kw_only=True)
class CourseDefined(CourseEvent):
    """There is a course, with so many seats."""

    title: str
    capacity: int


@frozen(kw_only=True)
class EnrolmentEvent(CourseEvent):
    """Something that happened between a course and a student."""

    student_id: str


@frozen(kw_only=True)
class StudentEnrolled(EnrolmentEvent):
    """The student took a seat of the course."""


@frozen(kw_only=True)
class StudentWithdrew(EnrolmentEvent):
    """The student gave the seat back."""
