"""People: state-stored, with something of every kind that is stored, and a unique address."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING

from attrs import define, field, frozen, setters

from application.integration_events import IntegrationEvent
from domain.aggregate import Aggregate
from domain.errors import Conflict, NotFound
from domain.events import DomainEvent
from infrastructure.aggregates.aggregate_type import AggregateType, Unique
from infrastructure.aggregates.repository import StateRepository
from infrastructure.contexts.context import Context, StateStored
from infrastructure.system.ids import RandomIds
from tests.times import NOW

if TYPE_CHECKING:
    from tests.samples.models import PersonModel


@frozen
class PersonNotFound(NotFound):
    """Nobody has this id or address."""

    aggregate_type: str = field(default="Person", init=False)
    aggregate_id: str


@frozen
class EmailTaken(Conflict):
    """Another person holds this address."""

    email: str

    def __str__(self) -> str:
        return f"{self.email} is taken"


class Role(Enum):
    """What a person may do."""

    MEMBER = "member"
    ADMIN = "admin"


@frozen
class Email:
    """An address: a class of a single value."""

    value: str


@frozen(kw_only=True)
class Badge:
    """What a person carries. A class inside the aggregate, stored as a map."""

    id: str
    code: str
    previous_code: str | None = None
    issued_at: datetime
    expires_at: datetime


@frozen(kw_only=True)
class PersonEvent(DomainEvent):
    """Something that happened to one person."""

    person_id: str


@frozen(kw_only=True)
class PersonRegistered(PersonEvent):
    """A person came, with this address."""

    email: str
    first_name: str
    last_name: str
    role: str


@frozen(kw_only=True)
class EmailVerified(PersonEvent):
    """The address was proven."""

    email: str


@frozen(kw_only=True)
class NameChanged(PersonEvent):
    """The person goes by another name. Nobody else is told."""

    first_name: str
    last_name: str


@frozen(kw_only=True)
class EmailChanged(PersonEvent):
    """The person moved to another address."""

    email: str


@frozen(kw_only=True)
class PersonBanned(PersonEvent):
    """The person is locked out."""


@frozen(kw_only=True)
class PersonUnbanned(PersonEvent):
    """The person is locked out no more."""


@frozen(kw_only=True)
class PersonRemoved(PersonEvent):
    """The person is about to be removed."""

    email: str


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Person(Aggregate):
    """Each behaviour records an event. One that changes nothing records none."""

    first_name: str
    last_name: str
    email: Email
    role: Role = Role.MEMBER
    is_email_verified: bool = False
    is_banned: bool = False
    badge: Badge | None = None

    @classmethod
    def register(
        cls,
        *,
        id: str,
        first_name: str,
        last_name: str,
        email: Email,
        now: datetime,
        role: Role = Role.MEMBER,
    ) -> Person:
        """Somebody new, not stored yet."""
        person = cls(id=id, first_name=first_name, last_name=last_name, email=email, role=role)
        registered = PersonRegistered(
            person_id=id,
            email=email.value,
            first_name=first_name,
            last_name=last_name,
            role=role.value,
            occurred_at=now,
        )
        person._record(registered)
        return person

    def verify_email(self, now: datetime) -> None:
        if not self.is_email_verified:
            self._set(is_email_verified=True)
            event = EmailVerified(person_id=self.id, email=self.email.value, occurred_at=now)
            self._record(event)

    def change_name(self, first_name: str, last_name: str, now: datetime) -> None:
        if (first_name, last_name) != (self.first_name, self.last_name):
            self._set(first_name=first_name, last_name=last_name)
            event = NameChanged(
                person_id=self.id, first_name=first_name, last_name=last_name, occurred_at=now
            )
            self._record(event)

    def change_email(self, email: Email, now: datetime) -> None:
        if email != self.email:
            self._set(email=email, is_email_verified=False)
            self._record(EmailChanged(person_id=self.id, email=email.value, occurred_at=now))

    def ban(self, now: datetime) -> None:
        if not self.is_banned:
            self._set(is_banned=True)
            self._record(PersonBanned(person_id=self.id, occurred_at=now))

    def unban(self, now: datetime) -> None:
        if self.is_banned:
            self._set(is_banned=False)
            self._record(PersonUnbanned(person_id=self.id, occurred_at=now))

    def leave(self, now: datetime) -> None:
        """Comes before the removal, and changes nothing by itself."""
        event = PersonRemoved(person_id=self.id, email=self.email.value, occurred_at=now)
        self._record(event)


PERSON_EMAIL: Unique[Person] = Unique("email", attrgetter("email.value"), EmailTaken)
PERSON = AggregateType("Person", "people", Person, PersonNotFound, (PERSON_EMAIL,))


class PersonRepository(StateRepository[Person]):
    """The people."""

    def get_by_email(self, email: Email) -> Person:
        """The person who holds this address. Raises `PersonNotFound`."""
        return self.get_by(PERSON_EMAIL, email.value)


DESTINATION = "people"

PERSON_INTEGRATION_EVENTS = tuple(
    IntegrationEvent(event.__name__, event, DESTINATION)
    for event in (
        PersonRegistered,
        EmailVerified,
        EmailChanged,
        PersonBanned,
        PersonUnbanned,
        PersonRemoved,
    )
)


def _model() -> type[PersonModel]:
    from tests.samples.models import PersonModel  # noqa: PLC0415 see `StateStored`

    return PersonModel


PEOPLE = Context(
    repositories={"people": StateStored(PERSON, PersonRepository, _model)},
    integration_events=PERSON_INTEGRATION_EVENTS,
)


def new_person(email: str = "ada@example.com", *, id: str | None = None) -> Person:
    """Somebody who registers at `NOW`, not stored yet."""
    return Person.register(
        id=id or RandomIds().new_id(),
        first_name="Ada",
        last_name="Lovelace",
        email=Email(email),
        now=NOW,
    )
