"""Registering a user."""

from __future__ import annotations

from attrs import field, frozen

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.notifier import Notifier
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.tokens import UserTokens
from domain.users.user import User
from domain.users.values import Email, Role, parse_password


@frozen(kw_only=True)
class RegisterUser:
    """`role` is for trusted callers alone: what comes from the network leaves it out."""

    first_name: str
    last_name: str
    email: str
    password: str = field(repr=False)
    role: Role = Role.MEMBER


@frozen
class RegisterUserHandler:
    """Stores the user and the claim on the address in one commit, then asks for proof of it."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    hasher: PasswordHasher
    tokens: UserTokens
    notifier: Notifier

    def __call__(self, command: RegisterUser) -> User:
        """The new user. Raises `InvalidValue`, `EmailAlreadyRegistered`."""
        user = User.register(
            id=self.ids.new_id(),
            first_name=command.first_name,
            last_name=command.last_name,
            email=Email.parse(command.email),
            password_hash=self.hasher.hash(parse_password("password", command.password)),
            role=command.role,
            now=self.clock.now(),
        )
        with self.unit_of_work() as unit:
            unit.users.add(user)
            unit.commit()
        self.notifier.send_email_verification(user.email, self.tokens.verification(user))
        return user
