"""What each context brings to the HTTP API and to the command."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen
from fastapi import APIRouter

from api.cli.demo.courses import CoursesStory
from api.cli.demo.orders import OrdersStory
from api.cli.demo.story import Story
from api.cli.demo.users import UsersStory
from api.cli.seed import seed as seed_command
from api.cli.seed import seed_users
from api.container import Container
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
    """One context: its routers with how their errors appear, and its part of the command.

    `story` plays its part of `dynastrata demo`, `seed` does what `dynastrata serve --seed` asks
    for, `commands` are added to `dynastrata`.
    """

    routers: tuple[APIRouter, ...] = ()
    problems: Kinds = field(factory=dict)
    story: Callable[[Container], Story] | None = None
    seed: Callable[[Container], object] | None = None
    commands: tuple[Callable[..., None], ...] = ()


CONTEXTS: tuple[ContextApi, ...] = (
    ContextApi(
        routers=(users, sessions),
        problems=USER_PROBLEMS,
        story=UsersStory,
        seed=seed_users,
        commands=(seed_command,),
    ),
    ContextApi(routers=(orders,), problems=ORDER_PROBLEMS, story=OrdersStory),
    ContextApi(routers=(courses,), problems=COURSE_PROBLEMS, story=CoursesStory),
)
