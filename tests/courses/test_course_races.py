"""Sixteen writers on one course, or for one student, in lockstep and staggered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from attrs import define

from domain.courses.course import Course
from domain.courses.errors import CourseIsFull, TooManyCourses
from domain.courses.values import MAX_COURSES
from domain.tagged_events import AppendConditionFailed
from tests.courses.samples import School
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store
from tests.times import NOW

pytestmark = [pytest.mark.race, pytest.mark.parametrize("start", ["lockstep", "staggered"])]

CAPACITY = 5


@define
class Gate:
    """A clock: the first look at it, between reading and appending, waits for the others."""

    ready: Callable[[], None]
    is_open: bool = False

    def now(self) -> datetime:
        if not self.is_open:
            self.is_open = True
            self.ready()
        return NOW


def rounds(store: Store) -> range:
    # Each is as many commits as there are seats, so there need not be so many.
    return range(rounds_on(store) // 8)


def test_a_course_is_never_above_its_capacity(racing_store: Store, start: Start) -> None:
    school = School(racing_store)
    for _ in rounds(racing_store):
        course_id = f"course-{uuid4()}"
        school.define(course_id, CAPACITY)

        def enrol(writer: int, ready: Callable[[], None], course_id: str = course_id) -> Course:
            return School(racing_store, Gate(ready)).enrol(course_id, f"{course_id}-{writer}")

        outcomes = race(enrol, start)
        assert errors_of(outcomes) == [CourseIsFull] * (WRITERS - CAPACITY)
        in_it = {f"{course_id}-{n}" for n, each in enumerate(outcomes) if isinstance(each, Course)}
        assert set(school.course(course_id).students) == in_it
        assert len(school.course(course_id).students) == CAPACITY


def test_a_student_is_never_in_more_than_ten_courses(racing_store: Store, start: Start) -> None:
    school = School(racing_store)
    courses = [f"course-{number}" for number in range(WRITERS)]
    for course_id in courses:
        school.define(course_id, 100)
    for _ in rounds(racing_store):
        student_id = str(uuid4())

        def enrol(writer: int, ready: Callable[[], None], student_id: str = student_id) -> Course:
            return School(racing_store, Gate(ready)).enrol(courses[writer], student_id)

        outcomes = race(enrol, start)
        # Whoever gives up was overtaken by ten others, so there are never fewer.
        assert set(errors_of(outcomes)) <= {TooManyCourses, AppendConditionFailed}
        in_them = {courses[n] for n, each in enumerate(outcomes) if isinstance(each, Course)}
        assert set(school.timetable(student_id)) == in_them
        assert len(school.timetable(student_id)) == MAX_COURSES
