"""How the errors of courses appear."""

from __future__ import annotations

from api.http.problems import Kinds, ProblemKind
from domain.courses import errors as courses

COURSE_PROBLEMS: Kinds = {
    courses.CourseExists: ProblemKind(409, "course-exists", "Course exists already"),
    courses.CourseIsFull: ProblemKind(409, "course-is-full", "Course is full"),
    courses.TooManyCourses: ProblemKind(409, "too-many-courses", "Too many courses"),
    courses.AlreadyEnrolled: ProblemKind(409, "already-enrolled", "Enrolled already"),
    courses.NotEnrolled: ProblemKind(404, "not-enrolled", "Not enrolled"),
}
