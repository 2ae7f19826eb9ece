"""`/courses`: defining them, enrolling and withdrawing; and the courses of a student.

Administrators define courses, and enrol and withdraw anybody; everybody else enrols themselves.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response, status
from fastapi.responses import JSONResponse

from api.http.courses.schemas import COURSE_ID_PATTERN, CourseBody, CourseView, TimetableView
from api.http.dependencies import ContainerOf
from api.http.idempotency import OnceOf
from api.http.openapi import answers, problems
from api.http.users.auth import PathId, SignedIn, admin
from application.users.errors import NotPermitted
from domain.courses.course import Course

router = APIRouter(tags=["courses"])

CourseId = Annotated[str, Path(pattern=COURSE_ID_PATTERN)]


async def _own_or_admin(student_id: Annotated[str, PathId], caller: SignedIn) -> str:
    if caller.user_id != student_id and not caller.is_admin:
        raise NotPermitted("acting for another student")
    return student_id


StudentId = Annotated[str, Depends(_own_or_admin)]
"""The student in the path: the caller, or for administrators anybody."""


@router.post(
    "/courses",
    status_code=status.HTTP_201_CREATED,
    dependencies=[admin],
    response_model=CourseView,
    responses={**answers(201, "Location"), **problems(400, 401, 403, 409, 422)},
)
def define_course(body: CourseBody, container: ContainerOf, once: OnceOf) -> Response:
    """Defines a course. For administrators."""
    return once.answer(
        lambda keep: container.define_course()(
            body.id, title=body.title, capacity=body.capacity, keep=keep
        ),
        _defined,
    )


@router.get("/courses/{course_id}", responses=problems(401, 404))
def get_course(course_id: CourseId, _: SignedIn, container: ContainerOf) -> CourseView:
    """One course. For everyone who is signed in."""
    return CourseView.of(container.get_course()(course_id))


@router.put("/courses/{course_id}/students/{student_id}", responses=problems(401, 403, 404, 409))
def enrol_student(course_id: CourseId, student_id: StudentId, container: ContainerOf) -> CourseView:
    """Gives the student a seat of the course."""
    return CourseView.of(container.enrol_student()(course_id, student_id))


@router.delete(
    "/courses/{course_id}/students/{student_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 409),
)
def withdraw_student(course_id: CourseId, student_id: StudentId, container: ContainerOf) -> None:
    """Gives the student's seat back."""
    container.withdraw_student()(course_id, student_id)


@router.get("/students/{student_id}/courses", responses=problems(401, 403, 404))
def get_timetable(student_id: StudentId, container: ContainerOf) -> TimetableView:
    """The courses that the student is enrolled in."""
    return TimetableView.of(container.get_timetable()(student_id))


def _defined(course: Course) -> Response:
    content = CourseView.of(course).model_dump(mode="json")
    return JSONResponse(content, status.HTTP_201_CREATED, {"Location": f"/courses/{course.id}"})
