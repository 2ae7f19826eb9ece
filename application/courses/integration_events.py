"""The integration events of courses: who takes a seat, and who gives it back."""

from __future__ import annotations

from application.integration_events import IntegrationEvent
from domain.courses import events

DESTINATION = "courses"
"""The destination: a queue, topic or bus, see `DYNASTRATA_COURSES_DESTINATION`."""

COURSE_INTEGRATION_EVENTS = (
    IntegrationEvent("StudentEnrolled", events.StudentEnrolled, DESTINATION),
    IntegrationEvent("StudentWithdrew", events.StudentWithdrew, DESTINATION),
)
