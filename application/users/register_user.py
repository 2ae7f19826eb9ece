"""Registration."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.email_parser import EmailParser
from application.ports.ids import IdFactory
from application.ports.mail_limiter import MailLimiter
from application.ports.notifier import Notifier
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.tokens import UserTokens
from domain.users.user import User
from domain.users.values import Role, parse_name, parse_password


@frozen
class RegisterUser:
    """Stores the user and the claim on the address in one commit, then asks for proof of it."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    password_hasher: PasswordHasher
    user_tokens: UserTokens
    notifier: Notifier
    mail_limiter: MailLimiter
    email_parser: EmailParser

    def __call__(
        self,
        *,
        first_name: str,
        last_name: str,
        email: str,
        password: str,
        role: Role = Role.MEMBER,
        source: str | None = None,
    ) -> User:
        """The new user. Raises `InvalidValue`, `EmailAlreadyRegistered`, `TooMuchMail`.

        `role` is for trusted callers alone: what comes from the network leaves it out, and names
        the `source` it comes from. Without one nothing is limited.
        """
        address, chosen = self.email_parser.parse(email), parse_password("password", password)
        first, last = parse_name("first_name", first_name), parse_name("last_name", last_name)
        if source is not None:
            self.mail_limiter.count(address.value, source)
        user = User.register(
            id=self.ids.new_id(),
            first_name=first,
            last_name=last,
            email=address,
            # Slow on purpose, so only once nothing else can be refused.
            password_hash=self.password_hasher.hash(chosen),
            role=role,
            now=self.clock.now(),
        )
        with self.unit_of_work() as unit:
            unit.users.add(user)
            unit.commit()
        self.notifier.send_email_verification(user.email, self.user_tokens.verification(user))
        return user
