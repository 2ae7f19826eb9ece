"""The body of a new course, and what is shown of courses."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, StrictInt

from api.http.body import LINE, Body, Rule
from domain.courses.course import Course, Student
from domain.courses.values import COURSE_ID, COURSE_ID_RULE, MAX_CAPACITY, MAX_TITLE

COURSE_ID_PATTERN = f"^{COURSE_ID.pattern}$"


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Title = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TITLE, pattern=LINE),
    Rule(f"must be text of 1 to {MAX_TITLE} printable characters"),
]


class CourseBody(Body):
    """A new course, under an id that no other course has."""

    id: Annotated[str, Field(pattern=COURSE_ID_PATTERN), Rule(COURSE_ID_RULE)]
    title: Title
    # To JSON, `2.0` is a whole number too.
    capacity: Annotated[StrictInt, BeforeValidator(_whole)] = Field(ge=1, le=MAX_CAPACITY)


class CourseView(BaseModel):
    """A course as shown. `taken` of its seats are taken."""

    id: str
    title: str
    capacity: int
    taken: int

    @classmethod
    def of(cls, course: Course) -> CourseView:
        """What is shown of this course: not who is in it."""
        return cls(
            id=course.id,
            title=course.title,
            capacity=course.capacity,
            taken=len(course.students),
        )


class TimetableView(BaseModel):
    """The ids of a student's courses, in the order of the enrolments."""

    courses: list[str]

    @classmethod
    def of(cls, student: Student) -> TimetableView:
        """What is shown of this student."""
        return cls(courses=list(student.courses))
