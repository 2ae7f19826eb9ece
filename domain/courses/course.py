"""What decisions about courses rest on, made of events, and the rules that decide.

Everything here is pure: events in, an event or an error out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce

from attrs import evolve, frozen

from domain.courses.errors import (
    AlreadyEnrolled,
    CourseExists,
    CourseIsFull,
    CourseNotFound,
    NotEnrolled,
    TooManyCourses,
)
from domain.courses.events import CourseDefined, StudentEnrolled, StudentWithdrew
from domain.courses.values import MAX_COURSES, parse_capacity, parse_title
from domain.events import DomainEvent


@frozen(kw_only=True)
class Course:
    """A course. Its students are in the order in which they enrolled; no capacity: not defined."""

    id: str
    title: str = ""
    capacity: int = 0
    students: tuple[str, ...] = ()

    @property
    def is_defined(self) -> bool:
        """Whether there is such a course."""
        return self.capacity > 0

    def after(self, events: Iterable[DomainEvent]) -> Course:
        """The course once these happened. Events of other courses change nothing."""
        return reduce(Course._after, events, self)

    def _after(self, event: DomainEvent) -> Course:
        match event:
            case CourseDefined(course_id=self.id, title=title, capacity=capacity):
                return evolve(self, title=title, capacity=capacity)
            case StudentEnrolled(course_id=self.id, student_id=student):
                return evolve(self, students=(*self.students, student))
            case StudentWithdrew(course_id=self.id, student_id=student):
                return evolve(self, students=_without(self.students, student))
            case _:
                return self


@frozen(kw_only=True)
class Student:
    """A student. The courses are in the order of the enrolments."""

    id: str
    courses: tuple[str, ...] = ()

    def after(self, events: Iterable[DomainEvent]) -> Student:
        """The student once these happened. Events of other students change nothing."""
        return reduce(Student._after, events, self)

    def _after(self, event: DomainEvent) -> Student:
        match event:
            case StudentEnrolled(student_id=self.id, course_id=course):
                return evolve(self, courses=(*self.courses, course))
            case StudentWithdrew(student_id=self.id, course_id=course):
                return evolve(self, courses=_without(self.courses, course))
            case _:
                return self


def define(course: Course, *, title: str, capacity: int, now: datetime) -> CourseDefined:
    """Makes it a course. Raises `InvalidValue`, `CourseExists`."""
    defined = CourseDefined(
        course_id=course.id,
        title=parse_title(title),
        capacity=parse_capacity(capacity),
        occurred_at=now,
    )
    if course.is_defined:
        raise CourseExists(course.id)
    return defined


def enrol(course: Course, student: Student, now: datetime) -> StudentEnrolled:
    """Gives the student a seat.

    Raises `CourseNotFound`, `AlreadyEnrolled`, `CourseIsFull`, `TooManyCourses`.
    """
    if not course.is_defined:
        raise CourseNotFound(course.id)
    if course.id in student.courses:
        raise AlreadyEnrolled(course.id, student.id)
    if len(course.students) >= course.capacity:
        raise CourseIsFull(course.id, course.capacity)
    if len(student.courses) >= MAX_COURSES:
        raise TooManyCourses(student.id, MAX_COURSES)
    return StudentEnrolled(course_id=course.id, student_id=student.id, occurred_at=now)


def withdraw(course_id: str, student: Student, now: datetime) -> StudentWithdrew:
    """Gives the student's seat back. Raises `NotEnrolled`."""
    if course_id not in student.courses:
        raise NotEnrolled(course_id, student.id)
    return StudentWithdrew(course_id=course_id, student_id=student.id, occurred_at=now)


def _without(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(each for each in values if each != value)
