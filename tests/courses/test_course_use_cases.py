"""The use cases of courses: on every adapter what is stored, in memory what is decided anew."""

from __future__ import annotations

from functools import partial

import pytest

from application.retry_on_conflict import MAX_ATTEMPTS
from domain.courses.course import Course
from domain.courses.errors import (
    AlreadyEnrolled,
    CourseExists,
    CourseIsFull,
    CourseNotFound,
    NotEnrolled,
    TooManyCourses,
)
from domain.courses.values import MAX_COURSES
from domain.tagged_events import AppendConditionFailed
from infrastructure.contexts.registered import REGISTERED
from tests.courses.samples import Interrupted, School
from tests.stores import Store, memory_store


@pytest.fixture
def clock() -> Interrupted:
    return Interrupted()


@pytest.fixture
def school(clock: Interrupted) -> School:
    """A school in memory, and whoever interrupts it."""
    return School(memory_store(REGISTERED), clock)


def test_a_course_has_its_seats_and_a_student_a_timetable(store: Store) -> None:
    school = School(store)
    assert school.define("algebra", 2) == Course(id="algebra", title="A course", capacity=2)
    school.define("logic")
    school.enrol("algebra", "ada")
    assert school.enrol("algebra", "grace").students == ("ada", "grace")
    school.enrol("logic", "ada")

    with pytest.raises(CourseIsFull):
        school.enrol("algebra", "alan")
    school.withdraw("algebra", "ada")
    school.enrol("algebra", "alan")

    assert school.course("algebra").students == ("grace", "alan")
    assert [school.timetable(student) for student in ("ada", "alan", "nobody")] == [
        ("logic",),
        ("algebra",),
        (),
    ]


def test_what_is_refused_leaves_nothing_behind(school: School) -> None:
    for number in range(MAX_COURSES):
        school.define(f"c{number}")
        school.enrol(f"c{number}", "ada")
    school.define("algebra")

    with pytest.raises(TooManyCourses):
        school.enrol("algebra", "ada")
    with pytest.raises(AlreadyEnrolled):
        school.enrol("c0", "ada")
    with pytest.raises(CourseNotFound):
        school.enrol("nothing", "alan")
    with pytest.raises(NotEnrolled):
        school.withdraw("c0", "alan")
    with pytest.raises(CourseExists):
        school.define("c0", 99)
    with pytest.raises(CourseNotFound):
        school.course("nothing")

    assert (school.course("algebra").students, school.course("c0").capacity) == ((), 2)
    assert (len(school.timetable("ada")), school.timetable("alan")) == (MAX_COURSES, ())


def test_an_enrolment_that_is_overtaken_is_decided_anew(school: School, clock: Interrupted) -> None:
    school.define("algebra")
    clock.acts = [lambda: School(school.store).enrol("algebra", "grace")]

    assert school.enrol("algebra", "ada").students == ("grace", "ada")


def test_what_is_decided_anew_may_be_refused(school: School, clock: Interrupted) -> None:
    school.define("algebra", 1)
    clock.acts = [lambda: School(school.store).enrol("algebra", "grace")]

    with pytest.raises(CourseIsFull):
        school.enrol("algebra", "ada")
    assert school.course("algebra").students == ("grace",)


def test_a_student_who_enrols_elsewhere_meanwhile_is_counted(
    school: School, clock: Interrupted
) -> None:
    for number in range(MAX_COURSES + 1):
        school.define(f"c{number}")
    for number in range(MAX_COURSES - 1):
        school.enrol(f"c{number}", "ada")
    clock.acts = [lambda: School(school.store).enrol(f"c{MAX_COURSES}", "ada")]

    with pytest.raises(TooManyCourses):
        school.enrol(f"c{MAX_COURSES - 1}", "ada")


def test_an_enrolment_that_is_always_overtaken_gives_up(school: School, clock: Interrupted) -> None:
    school.define("algebra", MAX_ATTEMPTS + 1)
    clock.acts = [
        partial(School(school.store).enrol, "algebra", f"s{n}") for n in range(MAX_ATTEMPTS)
    ]

    with pytest.raises(AppendConditionFailed):
        school.enrol("algebra", "ada")
    assert len(school.course("algebra").students) == MAX_ATTEMPTS


def test_a_withdrawal_is_decided_once_whoever_enrols_in_the_course(
    school: School, clock: Interrupted
) -> None:
    for course in ("algebra", "logic"):
        school.define(course)
    school.enrol("algebra", "ada")
    others, looks = School(school.store), clock.looks
    clock.acts = [lambda: (others.enrol("algebra", "grace"), others.enrol("logic", "ada"))]

    school.withdraw("algebra", "ada")

    assert clock.looks == looks + 1
    assert (school.course("algebra").students, school.timetable("ada")) == (("grace",), ("logic",))


def test_of_two_withdrawals_one_is_refused(school: School, clock: Interrupted) -> None:
    school.define("algebra")
    school.enrol("algebra", "ada")
    clock.acts = [lambda: School(school.store).withdraw("algebra", "ada")]

    with pytest.raises(NotEnrolled):
        school.withdraw("algebra", "ada")
