"""What the projections of courses show."""

from __future__ import annotations

import pytest

from api.container import Container, build_container
from application.courses.roster import ROSTER, CourseRoster
from application.courses.timetable import TIMETABLE
from infrastructure.settings.settings import Settings


@pytest.fixture
def container() -> Container:
    """A service where nobody waits."""
    container = build_container(Settings(tagged_events_safe_window_seconds=0))
    container.define_course()(course_id="algebra", title="Algebra", capacity=2)
    container.define_course()(course_id="weaving", title="Weaving", capacity=5)
    for course, student in (("algebra", "ada"), ("algebra", "grace"), ("weaving", "ada")):
        container.enrol_student()(course_id=course, student_id=student)
    container.withdraw_student()(course_id="algebra", student_id="grace")
    container.projection_runner().catch_up()
    return container


def test_the_roster_shows_who_is_enrolled(container: Container) -> None:
    found = container.projections().read(ROSTER)
    assert found is not None
    assert found.state.courses == {
        "algebra": CourseRoster(title="Algebra", capacity=2, students=("ada",)),
        "weaving": CourseRoster(title="Weaving", capacity=5, students=("ada",)),
    }


def test_the_timetable_shows_the_courses_of_a_student(container: Container) -> None:
    found = container.projections().read(TIMETABLE)
    assert found is not None
    assert found.state.students == {"ada": ("algebra", "weaving"), "grace": ()}
