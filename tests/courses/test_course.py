"""Every rule about courses: given what happened, when something is asked for, then this follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from domain.courses.boundaries import of_course, of_pair, of_student, tagged
from domain.courses.course import Course, Student, define, enrol, withdraw
from domain.courses.errors import (
    AlreadyEnrolled,
    CourseExists,
    CourseIsFull,
    CourseNotFound,
    NotEnrolled,
    TooManyCourses,
)
from domain.courses.events import CourseEvent
from domain.courses.values import MAX_CAPACITY, MAX_COURSES, MAX_TITLE, parse_course_id
from domain.errors import InvalidValue
from domain.events import DomainEvent
from domain.tagged_events import Tag
from tests.courses.samples import defined, enrolled, withdrew
from tests.times import NOW

Given = Sequence[DomainEvent]
When = Callable[[Given], CourseEvent]


def defining(course_id: str, title: str = "A course", capacity: int = 2) -> When:
    def when(given: Given) -> CourseEvent:
        course = Course(id=course_id).after(given)
        return define(course, title=title, capacity=capacity, now=NOW)

    return when


def enrolling(course_id: str, student_id: str) -> When:
    def when(given: Given) -> CourseEvent:
        course, student = Course(id=course_id).after(given), Student(id=student_id).after(given)
        return enrol(course, student, NOW)

    return when


def withdrawing(course_id: str, student_id: str) -> When:
    return lambda given: withdraw(course_id, Student(id=student_id).after(given), NOW)


TEN = [event for n in range(MAX_COURSES) for event in (defined(f"c{n}"), enrolled(f"c{n}", "ada"))]
FULL = [defined("algebra"), enrolled("algebra", "ada"), enrolled("algebra", "grace")]

HAPPENS: dict[str, tuple[Given, When, CourseEvent]] = {
    "the first course": ([], defining("algebra"), defined("algebra")),
    "another course": ([defined("logic")], defining("algebra", " A course "), defined("algebra")),
    "a seat that is free": (
        [defined("algebra"), enrolled("algebra", "ada")],
        enrolling("algebra", "grace"),
        enrolled("algebra", "grace"),
    ),
    "a seat that was given back": (
        [*FULL, withdrew("algebra", "ada")],
        enrolling("algebra", "alan"),
        enrolled("algebra", "alan"),
    ),
    "a seat once more": (
        [*FULL, withdrew("algebra", "ada")],
        enrolling("algebra", "ada"),
        enrolled("algebra", "ada"),
    ),
    "a seat where another course is full": (
        [*FULL, defined("logic")],
        enrolling("logic", "ada"),
        enrolled("logic", "ada"),
    ),
    "a tenth course": (
        [*TEN, withdrew("c0", "ada"), defined("algebra")],
        enrolling("algebra", "ada"),
        enrolled("algebra", "ada"),
    ),
    "withdrawing": (FULL, withdrawing("algebra", "ada"), withdrew("algebra", "ada")),
}

REFUSED: dict[str, tuple[Given, When, Exception]] = {
    "a course that is there": ([defined("c")], defining("c"), CourseExists("c")),
    "a course of another capacity": ([defined("c")], defining("c", "B", 5), CourseExists("c")),
    "no such course": ([defined("d")], enrolling("c", "ada"), CourseNotFound("c")),
    "no seat": (FULL, enrolling("algebra", "alan"), CourseIsFull("algebra", 2)),
    "twice": (FULL[:2], enrolling("algebra", "ada"), AlreadyEnrolled("algebra", "ada")),
    "twice in a full course": (
        FULL,
        enrolling("algebra", "ada"),
        AlreadyEnrolled("algebra", "ada"),
    ),
    "an eleventh course": (
        [*TEN, defined("algebra")],
        enrolling("algebra", "ada"),
        TooManyCourses("ada", MAX_COURSES),
    ),
    "withdrawing without a seat": (
        FULL,
        withdrawing("algebra", "alan"),
        NotEnrolled("algebra", "alan"),
    ),
    "withdrawing from no course": ([], withdrawing("c", "ada"), NotEnrolled("c", "ada")),
    "withdrawing twice": (
        [*FULL, withdrew("algebra", "ada")],
        withdrawing("algebra", "ada"),
        NotEnrolled("algebra", "ada"),
    ),
}


@pytest.mark.parametrize(("given", "when", "then"), HAPPENS.values(), ids=HAPPENS)
def test_what_the_rules_allow_happens(given: Given, when: When, then: CourseEvent) -> None:
    assert when(given) == then


@pytest.mark.parametrize(("given", "when", "then"), REFUSED.values(), ids=REFUSED)
def test_what_the_rules_forbid_is_refused(given: Given, when: When, then: Exception) -> None:
    with pytest.raises(type(then)) as refused:
        when(given)
    assert repr(refused.value) == repr(then)


@pytest.mark.parametrize(
    ("title", "capacity", "field"),
    [
        ("", 1, "title"),
        (" ", 1, "title"),
        ("x" * (MAX_TITLE + 1), 1, "title"),
        ("two\nlines", 1, "title"),
        ("A course", 0, "capacity"),
        ("A course", -1, "capacity"),
        ("A course", MAX_CAPACITY + 1, "capacity"),
    ],
)
def test_a_course_has_a_title_and_a_positive_capacity(
    title: str, capacity: int, field: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        define(Course(id="c"), title=title, capacity=capacity, now=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("capacity", [1, MAX_CAPACITY])
def test_a_course_may_be_as_small_or_large_as_the_limits(capacity: int) -> None:
    title = "x" * MAX_TITLE
    course = Course(id="c").after([define(Course(id="c"), title=title, capacity=capacity, now=NOW)])
    assert (course.title, course.capacity, course.is_defined) == (title, capacity, True)


@pytest.mark.parametrize("text", ["", "Algebra", "-a", "a b", "ä", "a" * 65, "a\n"])
def test_an_id_that_would_not_stand_in_an_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_course_id(text)


def test_courses_and_students_are_in_the_order_of_the_enrolments() -> None:
    happened = [*FULL, defined("logic"), enrolled("logic", "ada"), withdrew("algebra", "ada")]
    happened.append(enrolled("algebra", "ada"))

    assert Course(id="algebra").after(happened).students == ("grace", "ada")
    assert Student(id="ada").after(happened).courses == ("logic", "algebra")


def test_an_enrolment_belongs_to_both_boundaries() -> None:
    assert [
        tagged(event).tags for event in (defined("c"), enrolled("c", "s"), withdrew("c", "s"))
    ] == [
        (Tag("course:c"),),
        (Tag("course:c"), Tag("student:s")),
        (Tag("course:c"), Tag("student:s")),
    ]


def test_a_decision_reads_no_more_than_its_boundaries() -> None:
    queries = (of_course("c"), of_student("s"), of_pair("c", "s"))
    assert [{tag.value for item in query.items for tag in item.tags} for query in queries] == [
        {"course:c"},
        {"student:s"},
        {"course:c", "student:s"},
    ]
    assert [len(query.items) for query in queries] == [1, 1, 1]
