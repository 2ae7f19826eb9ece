"""Which boundaries the events of courses belong to, and what each decision reads.

Tags are stored: never change how they are made.
"""

from __future__ import annotations

from domain.courses.events import (
    CourseDefined,
    CourseEvent,
    EnrolmentEvent,
    StudentEnrolled,
    StudentWithdrew,
)
from domain.tagged_events import Query, Tag, TaggedEvent

_ENROLMENT = (StudentEnrolled, StudentWithdrew)


def course_tag(course_id: str) -> Tag:
    """`course:algebra`."""
    return Tag(f"course:{course_id}")


def student_tag(student_id: str) -> Tag:
    """`student:ada`."""
    return Tag(f"student:{student_id}")


def tagged(event: CourseEvent) -> TaggedEvent:
    """The event with its tags: an enrolment belongs to the course, and to the student as well."""
    tags = [course_tag(event.course_id)]
    if isinstance(event, EnrolmentEvent):
        tags.append(student_tag(event.student_id))
    return TaggedEvent(event=event, tags=tuple(tags))


def of_definition(course_id: str) -> Query:
    """What tells whether a course is defined."""
    return Query.of(course_tag(course_id), types=(CourseDefined,))


def of_course(course_id: str) -> Query:
    """What makes a `Course`."""
    return Query.of(course_tag(course_id), types=(CourseDefined, *_ENROLMENT))


def of_student(student_id: str) -> Query:
    """What makes a `Student`."""
    return Query.of(student_tag(student_id), types=_ENROLMENT)


def of_pair(course_id: str, student_id: str) -> Query:
    """What happened between a course and a student, whatever else happened to either."""
    return Query.of(course_tag(course_id), student_tag(student_id), types=_ENROLMENT)
