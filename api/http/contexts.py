"""What each context brings to the HTTP API."""

from __future__ import annotations

from attrs import field, frozen
from fastapi import APIRouter

from api.http.courses.courses import router as courses
from api.http.courses.problems import COURSE_PROBLEMS
from api.http.orders.orders import router as orders
from api.http.orders.problems import ORDER_PROBLEMS
from api.http.problems import Kinds
from api.http.users.problems import USER_PROBLEMS
from api.http.users.sessions import router as sessions
from api.http.users.users import router as users


@frozen(kw_only=True)
class ContextApi:
    """The routers of one context, and how its errors appear.

    `needs` names what the container has to have for them: what it lacks ends the start.
    """

    routers: tuple[APIRouter, ...]
    problems: Kinds = field(factory=dict)
    needs: tuple[str, ...] = ()


CONTEXTS: tuple[ContextApi, ...] = (
    ContextApi(routers=(users, sessions), problems=USER_PROBLEMS, needs=("notifier",)),
    ContextApi(routers=(orders,), problems=ORDER_PROBLEMS),
    ContextApi(routers=(courses,), problems=COURSE_PROBLEMS),
)
