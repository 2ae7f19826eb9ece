"""Withdrawing a student from a course."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from application.append_decision import append_decision
from application.ports.clock import Clock
from application.ports.dcb_store import DcbStore
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.courses.boundaries import of_pair, tagged
from domain.courses.course import Student, withdraw
from domain.events import DomainEvent
from domain.tagged_events import TaggedEvent


@frozen
class WithdrawStudent:
    """Gives a student's seat back."""

    unit_of_work: UnitOfWorkFactory
    dcb_store: DcbStore
    clock: Clock

    def __call__(self, course_id: str, student_id: str) -> None:
        """Raises `NotEnrolled`. What others do with the same course is no conflict."""
        student = Student(id=student_id)

        def decide(events: Sequence[DomainEvent]) -> list[TaggedEvent]:
            return [tagged(withdraw(course_id, student.after(events), self.clock.now()))]

        query = of_pair(course_id, student_id)
        append_decision(self.unit_of_work, self.dcb_store, query, decide)
