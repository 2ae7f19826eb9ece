"""Defining a course."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from application.append_decision import append_decision
from application.idempotent_request import Keep
from application.ports.clock import Clock
from application.ports.dcb_store import DcbStore
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.courses.boundaries import of_definition, tagged
from domain.courses.course import Course, define
from domain.courses.values import parse_course_id
from domain.events import DomainEvent
from domain.tagged_events import TaggedEvent


@frozen
class DefineCourse:
    """Makes a course that students can enrol in."""

    unit_of_work: UnitOfWorkFactory
    dcb_store: DcbStore
    clock: Clock

    def __call__(
        self, course_id: str, *, title: str, capacity: int, keep: Keep[Course] | None = None
    ) -> Course:
        """The new course. Raises `InvalidValue`, `CourseExists`."""
        course = Course(id=parse_course_id(course_id))

        def decide(events: Sequence[DomainEvent]) -> list[TaggedEvent]:
            now = self.clock.now()
            return [tagged(define(course.after(events), title=title, capacity=capacity, now=now))]

        def kept(unit: UnitOfWork, events: Sequence[DomainEvent]) -> None:
            if keep is not None:
                keep(unit, course.after(events))

        query = of_definition(course.id)
        return course.after(append_decision(self.unit_of_work, self.dcb_store, query, decide, kept))
