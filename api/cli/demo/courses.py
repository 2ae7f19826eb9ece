"""The courses' part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from api.cli.demo.story import Step, Story, StoryResult
from domain.courses.boundaries import course_tag
from domain.courses.errors import CourseIsFull

if TYPE_CHECKING:
    from api.container import Container

_COURSES = (("algebra", "Algebra for Engines", 2), ("weaving", "Weaving by Cards", 20))
_STUDENTS = ("Ada", "Grace", "Alan")


class CoursesStory(Story):
    """Two courses are defined, one is filled, and a seat is given to somebody else."""

    def __init__(self, container: Container) -> None:
        self._container = container
        ids = container.ids()
        # Of this demo alone: the events of an earlier one stay.
        self._courses = {name: f"{name}-{ids.new_id()}" for name, _, _ in _COURSES}
        self._students = {name: ids.new_id() for name in _STUDENTS}

    @override
    def prepare(self) -> None:
        """Courses of an earlier demo are others."""

    @override
    def steps(self) -> Iterator[Step]:
        for name, title, capacity in _COURSES:
            step = partial(self._define, name, title, capacity)
            yield f"define {name} with {capacity} seats", step
        for student in _STUDENTS:
            yield f"enrol {student} in algebra", partial(self._enrol, "algebra", student)
        yield "withdraw Ada from algebra", partial(self._withdraw, "algebra", "Ada")
        yield "enrol Alan in algebra again", partial(self._enrol, "algebra", "Alan")
        yield "enrol Ada in weaving", partial(self._enrol, "weaving", "Ada")

    @override
    def result(self) -> StoryResult:
        """Who is in which course, by names instead of the ids that differ each time."""
        names = {id_: name for name, id_ in self._students.items()}
        courses = {name: self._container.get_course()(id_) for name, id_ in self._courses.items()}
        rows: list[dict[str, object]] = [
            {
                "course": name,
                "title": course.title,
                "capacity": course.capacity,
                "students": ", ".join(names[student] for student in course.students),
            }
            for name, course in courses.items()
        ]
        return StoryResult("courses", "The courses afterwards", rows)

    @override
    def ordering_keys(self) -> list[str]:
        return [course_tag(id_).value for id_ in self._courses.values()]

    def _define(self, name: str, title: str, capacity: int) -> str:
        self._container.define_course()(self._courses[name], title=title, capacity=capacity)
        return f"event of course {name}"

    def _enrol(self, course: str, student: str) -> str:
        try:
            self._container.enrol_student()(self._courses[course], self._students[student])
        except CourseIsFull as refused:
            return f"nothing: all {refused.capacity} seats are taken"
        return f"event of course {course} and student {student}, message"

    def _withdraw(self, course: str, student: str) -> str:
        self._container.withdraw_student()(self._courses[course], self._students[student])
        return f"event of course {course} and student {student}, message"
