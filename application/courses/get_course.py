"""Looking at a course."""

from __future__ import annotations

from attrs import frozen

from application.append_decision import domain_events
from application.ports.dcb_store import DcbStore
from domain.courses.boundaries import of_course
from domain.courses.course import Course
from domain.courses.errors import CourseNotFound


@frozen
class GetCourse:
    """One course by id."""

    dcb_store: DcbStore

    def __call__(self, course_id: str) -> Course:
        """The course as decisions see it, strongly consistent. Raises `CourseNotFound`."""
        events = self.dcb_store.read(of_course(course_id)).events
        course = Course(id=course_id).after(domain_events(events))
        if not course.is_defined:
            raise CourseNotFound(course_id)
        return course
