"""Every use case of courses, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.container import Container
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase


def configure(container: Container) -> None:
    """Courses bring nothing that would have to be replaced."""


def define(container: Container, course_id: str = "algebra", capacity: int = 2) -> Any:
    return container.define_course()(course_id, title="A course", capacity=capacity)


def enrol(container: Container, student_id: str = "ada", course_id: str = "algebra") -> Any:
    return container.enrol_student()(course_id, student_id)


def withdraw(container: Container) -> Any:
    return container.withdraw_student()("algebra", "ada")


def with_students(*students: str) -> Callable[[Service], None]:
    """A course of two seats with these students in it, and a course of nobody."""

    def prepare(service: Service) -> None:
        for course_id in ("algebra", "logic"):
            define(service.container, course_id)
        for student_id in students:
            enrol(service.container, student_id)

    return prepare


OTHERS: dict[str, Callable[[Container], object]] = {
    "grace enrols in it": lambda c: enrol(c, "grace"),
    "ada enrols elsewhere": lambda c: enrol(c, "ada", "logic"),
    "ada enrols in it": enrol,
    "ada withdraws from it": withdraw,
}


def use_case(
    name: str,
    run: Callable[[Container], object],
    prepare: Callable[[Service], Any],
    case: str = "",
    others: tuple[str, ...] = (),
) -> UseCase:
    def by(other: str) -> Callable[[Service, Any], object]:
        return lambda service, _: OTHERS[other](service.container)

    return UseCase(
        name=name,
        case=case,
        prepare=prepare,
        run=lambda service, _: run(service.container),
        others={other: by(other) for other in others},
    )


USE_CASES = (
    use_case("define_course", define, lambda _: None),
    use_case("define_course", define, with_students(), case="that is there"),
    use_case(
        "enrol_student",
        enrol,
        with_students("alan"),
        others=("grace enrols in it", "ada enrols elsewhere", "ada enrols in it"),
    ),
    use_case("enrol_student", enrol, with_students("alan", "grace"), case="in a full course"),
    use_case(
        "withdraw_student",
        withdraw,
        with_students("ada"),
        others=("grace enrols in it", "ada withdraws from it"),
    ),
    use_case("withdraw_student", withdraw, with_students("grace"), case="who is not in it"),
    use_case("get_course", lambda c: c.get_course()("algebra"), with_students("ada")),
    use_case("get_course", lambda c: c.get_course()("nothing"), with_students(), case="missing"),
    use_case("get_timetable", lambda c: c.get_timetable()("ada"), with_students("ada")),
)
