"""The users' part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from api.cli.demo.story import DemoClock, Step, Story, StoryResult
from domain.users.errors import EmailAlreadyRegistered, SessionRefused, UserNotFound
from domain.users.values import Email

if TYPE_CHECKING:
    from api.container import Container
    from application.users.sign_in import SessionTokens
    from domain.users.user import User

_PASSWORD = "a password for the demo"  # noqa: S105 of users who live as long as the demo
_PEOPLE = (
    ("Ada", "Byron", "ada@demo.example"),
    ("Grace", "Hopper", "grace@demo.example"),
    ("Alan", "Turing", "alan@demo.example"),
)
_NEW_EMAIL = "grace.hopper@demo.example"


class UsersStory(Story):
    """Users register, change, sign in; one leaves. Replaces the container's clock and notifier."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._clock = DemoClock()
        from infrastructure.system.notifiers import MemoryNotifier  # noqa: PLC0415 for the demo alone

        self._notifier = MemoryNotifier()
        self._users: dict[str, User] = {}
        self._ids: list[str] = []
        container.clock.override(self._clock)
        container.notifier.override(self._notifier)

    @override
    def prepare(self) -> None:
        for email in (*(email for _, _, email in _PEOPLE), _NEW_EMAIL):
            with suppress(UserNotFound):
                with self._container.unit_of_work() as unit:
                    user = unit.users.get_by_email(Email.parse(email))
                self._container.remove_user()(user.id)

    @override
    def steps(self) -> Iterator[Step]:
        for person in _PEOPLE:
            yield f"register {person[0]}", partial(self._register, *person)
        yield "register Ada's address again", self._register_again
        yield "change Ada's name", self._change_name
        yield "verify Ada's address", self._verify
        yield "change Grace's address", self._change_email
        yield "sign Ada in", self._sign_in
        yield "refresh her session", self._refresh
        yield "use the old refresh token again", self._reuse
        yield "use it again ten minutes later", self._reuse_later
        yield "list the users", self._list
        yield "remove Alan", self._remove

    @override
    def result(self) -> StoryResult:
        """Those who are left, as stored."""
        users = [self._container.get_user()(user.id) for user in self._users.values()]
        return StoryResult("users", "The users afterwards", [_view(user) for user in users])

    @override
    def ordering_keys(self) -> list[str]:
        """Everybody who registered, also who left."""
        return self._ids

    def _register(self, first_name: str, last_name: str, email: str) -> str:
        user = self._container.register_user()(
            first_name=first_name, last_name=last_name, email=email, password=_PASSWORD
        )
        self._users[first_name] = user
        self._ids.append(user.id)
        return f"user, claim on {user.email.value}, message"

    def _register_again(self) -> str:
        try:
            return self._register("Somebody", "Else", self._users["Ada"].email.value)
        except EmailAlreadyRegistered as refused:
            return f"nothing: {refused}"

    def _verify(self) -> str:
        token = next(m.token for m in self._notifier.sent if m.email == self._users["Ada"].email)
        self._container.verify_email()(token)
        return "user, message"

    def _change_name(self) -> str:
        ada = self._users["Ada"]
        changed = self._container.update_user()(
            ada.id, expected_version=ada.version, last_name="Lovelace"
        )
        return f"user, now of version {changed.version}"

    def _change_email(self) -> str:
        self._container.request_email_change()(
            self._users["Grace"].id, email=_NEW_EMAIL, current_password=_PASSWORD, source="demo"
        )
        self._container.verify_email()(self._notifier.sent[-1].token)
        return f"user, claim on {_NEW_EMAIL}, messages; the old claim is removed"

    def _sign_in(self) -> str:
        email = self._users["Ada"].email.value
        self._first = self._container.sign_in()(email=email, password=_PASSWORD, source="demo")
        return "user, with a session"

    def _refresh(self) -> str:
        self._present(self._first)
        return "user, with the hash of the next token"

    def _reuse(self) -> str:
        try:
            self._present(self._first)
        except SessionRefused as refused:
            return f"nothing: {refused}"
        return "user, with the hash of one more token"

    def _reuse_later(self) -> str:
        self._clock.ahead += timedelta(minutes=10)
        try:
            self._present(self._first)
        except SessionRefused as refused:
            return f"user, without a session: {refused}"
        return "user, with the hash of one more token"

    def _present(self, tokens: SessionTokens) -> None:
        self._container.refresh_session()(tokens.refresh_token)

    def _list(self) -> str:
        page = self._container.list_users()()
        return f"nothing: {len(page.items)} users were read"

    def _remove(self) -> str:
        alan = self._users.pop("Alan")
        self._container.remove_user()(alan.id)
        return "message; user and claim are removed"


def _view(user: User) -> dict[str, object]:
    return {
        "name": f"{user.first_name} {user.last_name}",
        "email": user.email.value,
        "verified": user.is_email_verified,
        "version": user.version,
    }
