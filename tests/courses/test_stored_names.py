"""Names of courses that are stored or sent, as the world out there has them."""

from __future__ import annotations

import orjson

from application.courses.integration_events import COURSE_INTEGRATION_EVENTS
from domain.courses.boundaries import course_tag, student_tag
from domain.tagged_events import Query
from infrastructure.contexts.courses import COURSES
from infrastructure.contexts.registered import REGISTERED
from infrastructure.tagged_events.table import raw_of
from tests.courses.samples import School
from tests.outboxes import pending
from tests.stores import memory_store

DAY = "2046-11-20T12:00:00+00:00"


def test_events_are_stored_under_these_names() -> None:
    assert {(each.name, each.cls.__name__) for each in COURSES.event_types} == {
        (name, name) for name in ("CourseDefined", "StudentEnrolled", "StudentWithdrew")
    }


def test_events_leave_as_messages_of_these_types_for_these_destinations() -> None:
    assert {(t.event.__name__, t.name, t.destination) for t in COURSE_INTEGRATION_EVENTS} == {
        (name, name, "courses") for name in ("StudentEnrolled", "StudentWithdrew")
    }


def test_events_are_stored_and_told_with_these_tags_and_contents() -> None:
    store = memory_store(REGISTERED)
    school = School(store)
    school.define("algebra")
    school.enrol("algebra", "ada")
    school.withdraw("algebra", "ada")

    query = Query.of(course_tag("algebra")) | Query.of(student_tag("ada"))
    stored = store.dcb_store().read(query, raw=True).events
    told = pending(store, "course:algebra")

    pair = {"occurred_at": DAY, "course_id": "algebra", "student_id": "ada"}
    course, both = ["course:algebra"], ["course:algebra", "student:ada"]
    assert [(e.type, [t.value for t in e.tags], orjson.loads(raw_of(e).data)) for e in stored] == [
        (
            "CourseDefined",
            course,
            {"occurred_at": DAY, "course_id": "algebra", "title": "A course", "capacity": 2},
        ),
        ("StudentEnrolled", both, pair),
        ("StudentWithdrew", both, pair),
    ]
    assert [(m.message_type, m.destination, orjson.loads(m.payload)) for m in told] == [
        ("StudentEnrolled", "courses", pair),
        ("StudentWithdrew", "courses", pair),
    ]
