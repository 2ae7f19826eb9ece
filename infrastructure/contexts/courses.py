"""Courses, as both providers store them. The names of events are stored: never change them."""

from __future__ import annotations

from application.courses.integration_events import COURSE_INTEGRATION_EVENTS
from application.courses.roster import ROSTER
from application.courses.timetable import TIMETABLE
from domain.courses import events
from infrastructure.contexts.context import Context
from infrastructure.events.registry import EventType

COURSES = Context(
    event_types=(
        EventType("CourseDefined", events.CourseDefined),
        EventType("StudentEnrolled", events.StudentEnrolled),
        EventType("StudentWithdrew", events.StudentWithdrew),
    ),
    integration_events=COURSE_INTEGRATION_EVENTS,
    projectors=(ROSTER, TIMETABLE),
)
