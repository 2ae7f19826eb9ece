"""https://dcb.events/examples/course-subscriptions/

A course is never above its capacity, and a student in at most five courses: rules over two
boundaries, of which neither belongs to the other.
"""

from __future__ import annotations

import pytest
from attrs import frozen

from application.ports.dcb_store import DcbStore
from domain.events import DomainEvent
from domain.tagged_events import Query, Tag, TaggedEvent
from infrastructure.contexts.context import Context
from infrastructure.events.registry import EventType
from tests.dcb_examples.given_when_then import (
    Command,
    Decision,
    Refused,
    check,
    check_only_one,
    read,
)
from tests.times import NOW

MAX_COURSES = 5


@frozen(kw_only=True)
class CourseDefined(DomainEvent):
    course: str
    capacity: int


@frozen(kw_only=True)
class CourseCapacityChanged(DomainEvent):
    course: str
    capacity: int


@frozen(kw_only=True)
class StudentSubscribed(DomainEvent):
    course: str
    student: str


CONTEXT = Context(
    event_types=tuple(
        EventType(cls.__name__, cls)
        for cls in (CourseDefined, CourseCapacityChanged, StudentSubscribed)
    )
)


def of_course(course: str) -> Tag:
    return Tag(f"course:{course}")


def of_student(student: str) -> Tag:
    return Tag(f"student:{student}")


def defined(course: str, capacity: int) -> TaggedEvent:
    event = CourseDefined(course=course, capacity=capacity, occurred_at=NOW)
    return TaggedEvent(event=event, tags=(of_course(course),))


def changed(course: str, capacity: int) -> TaggedEvent:
    event = CourseCapacityChanged(course=course, capacity=capacity, occurred_at=NOW)
    return TaggedEvent(event=event, tags=(of_course(course),))


def subscribed(course: str, student: str) -> TaggedEvent:
    event = StudentSubscribed(course=course, student=student, occurred_at=NOW)
    return TaggedEvent(event=event, tags=(of_course(course), of_student(student)))


def define(course: str, capacity: int) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        happened, condition = read(dcb, Query.of(of_course(course), types=(CourseDefined,)))
        if happened:
            raise Refused(f'Course with id "{course}" already exists')
        return Decision(defined(course, capacity), condition)

    return decide


def change(course: str, capacity: int) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        types = (CourseDefined, CourseCapacityChanged)
        happened, condition = read(dcb, Query.of(of_course(course), types=types))
        capacities = [e.capacity for e in happened if isinstance(e, types)]
        if not capacities:
            raise Refused(f'Course "{course}" does not exist')
        if capacities[-1] == capacity:
            raise Refused(f"New capacity {capacity} is the same as the current capacity")
        return Decision(changed(course, capacity), condition)

    return decide


def subscribe(course: str, student: str) -> Command:
    def decide(dcb: DcbStore) -> Decision:
        happened, condition = read(dcb, Query.of(of_course(course)) | Query.of(of_student(student)))
        definitions = (CourseDefined, CourseCapacityChanged)
        capacities = [
            e.capacity for e in happened if isinstance(e, definitions) and e.course == course
        ]
        all_pairs = [(e.course, e.student) for e in happened if isinstance(e, StudentSubscribed)]
        if not capacities:
            raise Refused(f'Course "{course}" does not exist')
        if len([c for c, _ in all_pairs if c == course]) >= capacities[-1]:
            raise Refused(f'Course "{course}" is already fully booked')
        if (course, student) in all_pairs:
            raise Refused("Student already subscribed to this course")
        if len([s for _, s in all_pairs if s == student]) >= MAX_COURSES:
            raise Refused(f"Student already subscribed to {MAX_COURSES} courses")
        return Decision(subscribed(course, student), condition)

    return decide


FULL = [defined("c1", 3), *(subscribed("c1", f"s{n}") for n in range(1, 4))]
FIVE = [subscribed(f"c{n}", "s1") for n in range(2, 7)]


@pytest.mark.parametrize(
    ("given", "when", "then"),
    [
        ([defined("c1", 10)], define("c1", 15), 'Course with id "c1" already exists'),
        ([], define("c1", 15), defined("c1", 15)),
        ([], change("c0", 15), 'Course "c0" does not exist'),
        (
            [defined("c1", 12)],
            change("c1", 12),
            "New capacity 12 is the same as the current capacity",
        ),
        ([defined("c1", 12)], change("c1", 15), changed("c1", 15)),
        ([], subscribe("c0", "s1"), 'Course "c0" does not exist'),
        (FULL, subscribe("c1", "s4"), 'Course "c1" is already fully booked'),
        ([*FULL, changed("c1", 4)], subscribe("c1", "s4"), subscribed("c1", "s4")),
        (
            [defined("c1", 10), subscribed("c1", "s1")],
            subscribe("c1", "s1"),
            "Student already subscribed to this course",
        ),
        (
            [defined("c1", 10), *FIVE],
            subscribe("c1", "s1"),
            "Student already subscribed to 5 courses",
        ),
        ([defined("c1", 10)], subscribe("c1", "s1"), subscribed("c1", "s1")),
    ],
)
def test_course_subscriptions(
    dcb: DcbStore, given: list[TaggedEvent], when: Command, then: TaggedEvent | str
) -> None:
    check(dcb, given=given, when=when, then=then)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(subscribe("c1", "s2"), id="the last seat"),
        pytest.param(subscribe("c2", "s1"), id="another course of the student"),
        pytest.param(change("c1", 2), id="another capacity"),
    ],
)
def test_two_who_decide_at_once_on_one_boundary_are_not_both_stored(
    dcb: DcbStore, first: Command
) -> None:
    given = [defined("c1", 1), defined("c2", 1)]
    check_only_one(dcb, given=given, when=[first, subscribe("c1", "s1")])
