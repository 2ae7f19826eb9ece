"""`/courses` over HTTP: what is answered, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from domain.courses.values import MAX_CAPACITY, MAX_COURSES
from tests.e2e.clients import ADA, GRACE, PROBLEM, Api, Headers

TYPE = "urn:dynastrata:problem:"


@frozen
class Student:
    """Somebody who is signed in."""

    id: str
    headers: Headers


@pytest.fixture
def admin(api: Api) -> Headers:
    return api.admin()


@pytest.fixture
def ada(api: Api) -> Student:
    return Student(api.register(ADA)["id"], api.bearer(ADA))


@pytest.fixture
def grace(api: Api) -> Student:
    return Student(api.register(GRACE)["id"], api.bearer(GRACE))


def course(**changes: object) -> dict[str, object]:
    """The body of a new course."""
    return {"id": "algebra", "title": "A course", "capacity": 1, **changes}


def define(api: Api, admin: Headers, *ids: str) -> None:
    for id_ in ids:
        answer = api.post("/courses", json=course(id=id_), headers=admin)
        assert answer.status_code == 201, answer.text


def seat(student: Student, course_id: str = "algebra") -> str:
    return f"/courses/{course_id}/students/{student.id}"


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == PROBLEM
    return answer.status_code, answer.json()["type"].removeprefix(TYPE)


def test_a_course_is_defined_and_shown(api: Api, admin: Headers, ada: Student) -> None:
    answer = api.post("/courses", json=course(capacity=2.0), headers=admin)
    shown = {"id": "algebra", "title": "A course", "capacity": 2, "taken": 0}
    assert (answer.status_code, answer.json()) == (201, shown)
    assert answer.headers["Location"] == "/courses/algebra"
    assert api.get("/courses/algebra", headers=ada.headers).json() == shown
    again = api.post("/courses", json=course(title="Another"), headers=admin)
    assert problem(again) == (409, "course-exists")


def test_a_seat_is_taken_and_given_back(
    api: Api, admin: Headers, ada: Student, grace: Student
) -> None:
    define(api, admin, "algebra", "logic")
    taken = api.put(seat(ada), headers=ada.headers)
    assert (taken.status_code, taken.json()["taken"]) == (200, 1)
    assert problem(api.put(seat(ada), headers=ada.headers)) == (409, "already-enrolled")
    full = api.put(seat(grace), headers=grace.headers)
    assert problem(full) == (409, "course-is-full")
    assert full.json()["detail"] == "all seats of course algebra are taken: 1"
    api.put(seat(ada, "logic"), headers=ada.headers)
    timetable = api.get(f"/students/{ada.id}/courses", headers=ada.headers)
    assert timetable.json() == {"courses": ["algebra", "logic"]}

    given_back = api.delete(seat(ada), headers=ada.headers)
    assert (given_back.status_code, given_back.content) == (204, b"")
    assert problem(api.delete(seat(ada), headers=ada.headers)) == (404, "not-enrolled")
    assert api.put(seat(grace), headers=grace.headers).status_code == 200
    timetable = api.get(f"/students/{ada.id}/courses", headers=ada.headers)
    assert timetable.json() == {"courses": ["logic"]}


def test_an_eleventh_course_is_too_many(api: Api, admin: Headers, ada: Student) -> None:
    names = [f"c{number}" for number in range(MAX_COURSES + 1)]
    define(api, admin, *names)
    answers = [api.put(seat(ada, name), headers=ada.headers) for name in names]
    assert [answer.status_code for answer in answers] == [200] * MAX_COURSES + [409]
    assert problem(answers[-1]) == (409, "too-many-courses")


def test_administrators_define_courses_and_enrol_anybody(
    api: Api, admin: Headers, ada: Student, grace: Student
) -> None:
    refused = api.post("/courses", json=course(), headers=ada.headers)
    assert problem(refused) == (403, "not-permitted")
    define(api, admin, "algebra")
    for path, method in (
        (seat(grace), "PUT"),
        (seat(grace), "DELETE"),
        (f"/students/{grace.id}/courses", "GET"),
    ):
        assert problem(api.request(method, path, headers=ada.headers)) == (403, "not-permitted")
        assert api.request(method, path).status_code == 401
        assert api.request(method, path, headers=admin).status_code < 300
    assert api.get("/courses/algebra").status_code == 401


def test_what_does_not_exist_is_not_found(api: Api, ada: Student) -> None:
    for path in ("/courses/nothing", "/courses/No Course", "/courses/-"):
        assert problem(api.get(path, headers=ada.headers)) == (404, "not-found")
    assert problem(api.put(seat(ada, "nothing"), headers=ada.headers)) == (404, "not-found")


def test_what_no_course_can_be_is_named(api: Api, admin: Headers) -> None:
    wrong = [
        ("id", "No Slug"),
        ("id", "x" * 65),
        ("title", " "),
        ("capacity", 0),
        ("capacity", MAX_CAPACITY + 1),
        ("capacity", "1"),
        ("seats", 1),
    ]
    for field, value in wrong:
        answer = api.post("/courses", json=course(**{field: value}), headers=admin)
        named = [error["field"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (422, [field])
