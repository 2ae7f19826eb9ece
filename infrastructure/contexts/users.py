"""Users, as both providers store them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from typing_extensions import override

from application.users.integration_events import USER_INTEGRATION_EVENTS
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.repository import UserRepository
from domain.users.user import User
from domain.users.values import Email
from infrastructure.aggregates.aggregate_type import AggregateType, Unique
from infrastructure.aggregates.repository import StateRepository
from infrastructure.contexts.context import Context, StateStored

if TYPE_CHECKING:
    from infrastructure.dynamodb.models.users import UserModel

USER_EMAIL: Unique[User] = Unique(
    "email", value_of=attrgetter("email.value"), taken=EmailAlreadyRegistered
)

USER = AggregateType("User", "users", User, not_found=UserNotFound, unique=(USER_EMAIL,))


class TableUserRepository(StateRepository[User], UserRepository):
    """The users on either provider."""

    @override
    def get_by_email(self, email: Email) -> User:
        return self.get_by(USER_EMAIL, email.value)


def _model() -> type[UserModel]:
    from infrastructure.dynamodb.models.users import UserModel  # noqa: PLC0415 see `StateStored`

    return UserModel


USERS = Context(
    repositories={"users": StateStored(USER, TableUserRepository, _model)},
    integration_events=USER_INTEGRATION_EVENTS,
)
