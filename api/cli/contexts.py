"""What each context brings to the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from api.cli.demo.courses import CoursesStory
from api.cli.demo.orders import OrdersStory
from api.cli.demo.users import UsersStory
from api.cli.seed import seed as seed_command
from api.cli.seed import seed_users

if TYPE_CHECKING:
    from api.cli.demo.story import Story
    from api.container import Container


@frozen(kw_only=True)
class ContextCommands:
    """One context's part of the command.

    `story` plays its part of `dynastrata demo`, `seed` does what `dynastrata serve --seed` asks
    for, `commands` are added to `dynastrata`.
    """

    story: Callable[[Container], Story] | None = None
    seed: Callable[[Container], object] | None = None
    commands: tuple[Callable[..., None], ...] = ()


CONTEXTS: tuple[ContextCommands, ...] = (
    ContextCommands(story=UsersStory, seed=seed_users, commands=(seed_command,)),
    ContextCommands(story=OrdersStory),
    ContextCommands(story=CoursesStory),
)
