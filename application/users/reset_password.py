"""Getting back in without the password."""

from __future__ import annotations

from attrs import field, frozen

from application.deciding import decide
from application.errors import InvalidToken
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.notifier import Notifier
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.finding import find_by_email
from application.users.tokens import UserTokens
from domain.users.errors import UserNotFound
from domain.users.values import Email, parse_password


@frozen
class RequestPasswordReset:
    """Sends a reset token to a known address; for an unknown one does the same work, silently."""

    unit_of_work: UnitOfWorkFactory
    ids: IdFactory
    tokens: UserTokens
    notifier: Notifier

    def __call__(self, email: str) -> None:
        """Raises `InvalidValue` for what is no address at all, and nothing else."""
        address = Email.parse(email)
        with self.unit_of_work() as unit:
            user = find_by_email(unit.users, address, self.ids)
        if user is None:
            self.tokens.reset(self.ids.new_id(), address, self.ids.new_secret())
            return
        token = self.tokens.reset(user.id, user.email, user.password_hash)
        self.notifier.send_password_reset(user.email, token)


@frozen(kw_only=True)
class CompletePasswordReset:
    """The token from the mail and the password that the user chose."""

    token: str = field(repr=False)
    new_password: str = field(repr=False)


@frozen
class CompletePasswordResetHandler:
    """Stores the new password, once a token, and ends the session."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    hasher: PasswordHasher
    tokens: UserTokens

    def __call__(self, command: CompletePasswordReset) -> None:
        """Raises `InvalidValue`, `InvalidToken`."""
        user_id = self.tokens.read_reset(command.token)
        new_hash = self.hasher.hash(parse_password("new_password", command.new_password))
        decide(lambda: self._complete(command, user_id, new_hash))

    def _complete(self, command: CompletePasswordReset, user_id: str, new_hash: str) -> None:
        with self.unit_of_work() as unit:
            try:
                user = unit.users.get(user_id)
            except UserNotFound as gone:
                raise InvalidToken("the user is gone") from gone
            self.tokens.allows_reset(command.token, user)
            user.complete_password_reset(new_hash, self.clock.now())
            unit.users.save(user)
            unit.commit()
