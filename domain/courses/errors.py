"""What can go wrong with courses."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import NotFound, RuleViolation


@frozen
class CourseNotFound(NotFound):
    """No course has this id."""

    aggregate_type: str = field(default="Course", init=False)
    aggregate_id: str


@frozen
class CourseExists(RuleViolation):
    """There is a course of this id already."""

    course_id: str

    def __str__(self) -> str:
        return f"there is a course {self.course_id} already"


@frozen
class CourseIsFull(RuleViolation):
    """Every seat of the course is taken."""

    course_id: str
    capacity: int

    def __str__(self) -> str:
        return f"all seats of course {self.course_id} are taken: {self.capacity}"


@frozen
class TooManyCourses(RuleViolation):
    """The student is enrolled in as many courses as a student may be."""

    student_id: str
    allowed: int

    def __str__(self) -> str:
        return f"student {self.student_id} is in {self.allowed} courses, which is the limit"


@frozen
class AlreadyEnrolled(RuleViolation):
    """The student is enrolled in this course already."""

    course_id: str
    student_id: str

    def __str__(self) -> str:
        return f"student {self.student_id} is enrolled in course {self.course_id} already"


@frozen
class NotEnrolled(RuleViolation):
    """The student is not enrolled in this course."""

    course_id: str
    student_id: str

    def __str__(self) -> str:
        return f"student {self.student_id} is not enrolled in course {self.course_id}"
