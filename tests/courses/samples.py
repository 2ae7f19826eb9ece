"""Courses to test with: their events, and their use cases on a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define, field, frozen

from application.courses.define_course import DefineCourse
from application.courses.enrol_student import EnrolStudent
from application.courses.get_course import GetCourse
from application.courses.get_timetable import GetTimetable
from application.courses.withdraw_student import WithdrawStudent
from application.ports.clock import Clock
from domain.courses.course import Course
from domain.courses.events import CourseDefined, StudentEnrolled, StudentWithdrew
from tests.stores import Store
from tests.times import NOW


def defined(course_id: str, capacity: int = 2) -> CourseDefined:
    return CourseDefined(course_id=course_id, title="A course", capacity=capacity, occurred_at=NOW)


def enrolled(course_id: str, student_id: str) -> StudentEnrolled:
    return StudentEnrolled(course_id=course_id, student_id=student_id, occurred_at=NOW)


def withdrew(course_id: str, student_id: str) -> StudentWithdrew:
    return StudentWithdrew(course_id=course_id, student_id=student_id, occurred_at=NOW)


@define
class Interrupted:
    """A clock: while the time is asked for, between reading and appending, somebody else acts."""

    acts: list[Callable[[], object]] = field(factory=list)
    looks: int = 0

    def now(self) -> datetime:
        self.looks += 1
        if self.acts:
            self.acts.pop(0)()
        return NOW


@frozen
class School:
    """The use cases of courses on one store."""

    store: Store
    clock: Clock = field(factory=Interrupted)

    def define(self, course_id: str, capacity: int = 2) -> Course:
        use_case = DefineCourse(self.store.unit_of_work, self.store.dcb_store(), self.clock)
        return use_case(course_id, title="A course", capacity=capacity)

    def enrol(self, course_id: str, student_id: str) -> Course:
        use_case = EnrolStudent(self.store.unit_of_work, self.store.dcb_store(), self.clock)
        return use_case(course_id, student_id)

    def withdraw(self, course_id: str, student_id: str) -> None:
        use_case = WithdrawStudent(self.store.unit_of_work, self.store.dcb_store(), self.clock)
        use_case(course_id, student_id)

    def course(self, course_id: str) -> Course:
        return GetCourse(self.store.dcb_store())(course_id)

    def timetable(self, student_id: str) -> tuple[str, ...]:
        return GetTimetable(self.store.dcb_store())(student_id).courses
