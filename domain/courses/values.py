"""The values a course is made of."""

from __future__ import annotations

import re

from domain.errors import InvalidValue

MAX_COURSES = 10
"""Courses that one student may be enrolled in."""

MAX_CAPACITY = 1_000
MAX_TITLE = 200
# So few characters that it stands in an address as it is, and is spelt in one way.
COURSE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
COURSE_ID_RULE = "must be 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"


def parse_course_id(text: str) -> str:
    """The id of a course. Raises `InvalidValue`."""
    if not COURSE_ID.fullmatch(text):
        raise InvalidValue("id", COURSE_ID_RULE)
    return text


def parse_title(text: str) -> str:
    """A trimmed title of 1 to 200 printable characters. Raises `InvalidValue`."""
    title = text.strip()
    if not title or len(title) > MAX_TITLE or not title.isprintable():
        raise InvalidValue("title", f"must be 1 to {MAX_TITLE} printable characters")
    return title


def parse_capacity(seats: int) -> int:
    """A number of seats. Raises `InvalidValue`."""
    if not 1 <= seats <= MAX_CAPACITY:
        raise InvalidValue("capacity", f"must be from 1 to {MAX_CAPACITY}")
    return seats
