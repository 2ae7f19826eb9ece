"""Every use case of users, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from dependency_injector import providers
from typing_extensions import override

from api.container import Container
from application.ports.password_hasher import PasswordHasher
from application.users.sign_in import SessionTokens
from application.users.tokens import Caller
from domain.users.user import User
from domain.users.values import Email
from infrastructure.system.notifiers import MemoryNotifier, SentMessage
from tests.faults.matrix.late_claims import Claimed
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import RETURNED, Told, UseCase

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "lovelace@example.com"
PASSWORD, ANOTHER = "correct horse battery", "staple correct horse"
NOBODY = "nobody"
SOURCE = "192.0.2.1"


@frozen
class PlainHasher(PasswordHasher):
    """Costs nothing, and hides nothing."""

    @override
    def hash(self, password: str) -> str:
        return f"hash of {password}"

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        return password_hash == self.hash(password)


def configure(container: Container) -> None:
    """Cheap passwords, and mail that can be read."""
    container.password_hasher.override(providers.Object(PlainHasher()))
    container.notifier.override(providers.Object(MemoryNotifier()))


def mails(service: Service) -> list[SentMessage]:
    """What was sent, oldest first."""
    notifier: Any = service.container.notifier()
    sent: list[SentMessage] = notifier.sent
    return sent


def no_mail(service: Service) -> None:
    """Nobody has got any mail."""
    mails(service).clear()


def register(service: Service, email: str = ADA) -> User:
    """A user who has just registered."""
    return service.container.register_user()(
        first_name="Ada", last_name="Byron", email=email, password=PASSWORD
    )


def registered(service: Service) -> str:
    """The id of a user."""
    return register(service).id


def nobody(service: Service) -> str:
    """Nobody is registered."""
    return ""


def of_ada(change: Callable[[Container, str], object]) -> Callable[[Service, str], object]:
    """Calls a use case for the one user there is; tells the result, and what mail was sent."""

    def run(service: Service, user_id: str) -> object:
        shown = change(service.container, user_id)
        return shown, [(mail.kind, mail.email) for mail in mails(service)]

    return run


def after(*steps: Callable[[Container, str], object]) -> Callable[[Service], str]:
    """A registered user who did this since."""

    def prepare(service: Service) -> str:
        user_id = registered(service)
        for step in steps:
            step(service.container, user_id)
        return user_id

    return prepare


def no_mail_without_a_commit(service: Service, _: object, told: Told) -> None:
    """Mail is for what is known to be stored."""
    assert told.how == RETURNED or not mails(service), f"mail was sent: {mails(service)}"


def rename(service: Service, _: object) -> None:
    """Somebody else gives the user who has the address another name."""
    user = _holder(service)
    service.container.update_user()(user.id, expected_version=user.version, last_name="Other")


def remove(service: Service, _: object) -> None:
    """Somebody else removes the user who has the address."""
    service.container.remove_user()(_holder(service).id)


def _holder(service: Service) -> User:
    with service.container.unit_of_work() as unit:
        user: User = unit.users.get_by_email(Email(ADA))
    return user


def use_case(
    name: str,
    run: Callable[[Container, str], object],
    prepare: Callable[[Service], Any] = registered,
    case: str = "",
) -> UseCase:
    return UseCase(
        name=name,
        case=case,
        prepare=prepare,
        empty=no_mail,
        run=of_ada(run),
        check=no_mail_without_a_commit,
        others={"another name": rename, "a removal": remove},
    )


def with_token(make: Callable[[Service, str], str]) -> Callable[[Service], str]:
    """A registered user's token, by mail or from a sign-in, in place of the user's id."""

    def prepare(service: Service) -> str:
        return make(service, register(service).id)

    return prepare


def verification(service: Service, user_id: str) -> str:
    return str(mails(service)[-1].token)


def with_proof(service: Service) -> str:
    """A registered user who has proven the address."""
    user_id = registered(service)
    prove(service)
    return user_id


def prove(service: Service) -> None:
    service.container.verify_email()(mails(service)[-1].token)


def _move(container: Container, user_id: str, email: str) -> object:
    return container.request_email_change()(
        user_id, email=email, current_password=PASSWORD, source=SOURCE
    )


def verification_of_another(service: Service, user_id: str) -> str:
    """A token that moves the user to a new address."""
    _move(service.container, user_id, NEW)
    return str(mails(service)[-1].token)


def undo(service: Service, user_id: str) -> str:
    """The token that the old address got, when the new one has taken effect."""
    prove(service)
    _move(service.container, user_id, NEW)
    verification, undoing = mails(service)[-2:]
    service.container.verify_email()(verification.token)
    return str(undoing.token)


def undo_of_a_taken_address(service: Service, user_id: str) -> str:
    token = undo(service, user_id)
    register(service, ADA)
    return token


def reset(service: Service, user_id: str) -> str:
    prove(service)
    service.container.request_password_reset()(ADA, source=SOURCE)
    return str(mails(service)[-1].token)


def used_reset(service: Service, user_id: str) -> str:
    token = reset(service, user_id)
    service.container.complete_password_reset()(token=token, new_password=ANOTHER)
    return token


def sign_in(container: Container) -> SessionTokens:
    return container.sign_in()(email=ADA, password=PASSWORD, source=SOURCE)


def refresh(service: Service, user_id: str) -> str:
    return sign_in(service.container).refresh_token


def used_refresh(service: Service, user_id: str) -> str:
    """One that was exchanged so long ago that it is not forgiven."""
    token = refresh(service, user_id)
    service.container.refresh_session()(token)
    service.time.turn(60)
    return token


def access(service: Service, user_id: str) -> str:
    return sign_in(service.container).access_token


def ended_access(service: Service, user_id: str) -> str:
    """One whose session another sign-in has replaced."""
    token = access(service, user_id)
    sign_in(service.container)
    return token


def caller(container: Container, token: str) -> Caller:
    """Who holds an access token."""
    return container.user_tokens().read_access(token)


def session(container: Container, tokens: SessionTokens) -> object:
    """What the tokens of a session say."""
    of_users = container.user_tokens()
    return of_users.read_access(tokens.access_token), of_users.read_refresh(tokens.refresh_token)


def two_registered(service: Service) -> str:
    register(service, BOB)
    return registered(service)


def three_registered(service: Service) -> str:
    register(service, NEW)
    return two_registered(service)


def both_pages(container: Container, _: str) -> object:
    first = container.list_users()(size=2)
    return first.items, container.list_users()(size=2, cursor=first.next_cursor).items


def _register(container: Container, email: str, source: str | None = None) -> object:
    return container.register_user()(
        first_name="Ada", last_name="Byron", email=email, password=PASSWORD, source=source
    )


def _change_password(container: Container, user_id: str, current: str) -> object:
    return container.change_password()(
        user_id, current_password=current, new_password=ANOTHER, source=SOURCE
    )


def locked_out(container: Container, user_id: str) -> object:
    """So many attempts have failed that no more are looked at."""
    for _ in range(3):
        container.failure_limiter().count(ADA, SOURCE)
    return None


def signed_in(container: Container, _: str) -> object:
    return sign_in(container)


USE_CASES = (
    use_case("register_user", lambda c, _: _register(c, ADA), nobody),
    use_case("register_user", lambda c, _: _register(c, ADA), case="a taken address"),
    use_case(
        "register_user",
        lambda c, _: _register(c, ADA, source=SOURCE),
        nobody,
        case="from a source",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        after(*[lambda c, _: c.mail_limiter().count(ADA, SOURCE)] * 3),
        case="too much mail",
    ),
    use_case("get_user", lambda c, id_: c.get_user()(id_)),
    use_case("get_user", lambda c, _: c.get_user()(NOBODY), case="nobody"),
    use_case("list_users", both_pages, three_registered),
    use_case(
        "update_user",
        lambda c, id_: c.update_user()(id_, expected_version=1, first_name="Augusta"),
        case="a name",
    ),
    use_case(
        "update_user",
        lambda c, id_: c.update_user()(id_, expected_version=7, first_name="Augusta"),
        case="another version",
    ),
    use_case("request_email_change", lambda c, id_: _move(c, id_, NEW), with_proof),
    use_case(
        "request_email_change",
        lambda c, id_: _move(c, id_, BOB),
        two_registered,
        case="a taken address",
    ),
    use_case("undo_email_change", lambda c, t: c.undo_email_change()(t), with_token(undo)),
    use_case(
        "undo_email_change",
        lambda c, t: c.undo_email_change()(t),
        with_token(undo_of_a_taken_address),
        case="somebody registered with it since",
    ),
    use_case("remove_user", lambda c, id_: c.remove_user()(id_)),
    use_case(
        "remove_user",
        lambda c, id_: c.remove_user()(id_, expected_version=2),
        after(signed_in),
        case="of a version",
    ),
    use_case("remove_user", lambda c, _: c.remove_user()(NOBODY), case="nobody"),
    use_case(
        "change_password",
        lambda c, id_: _change_password(c, id_, PASSWORD),
        after(signed_in),
    ),
    use_case(
        "change_password",
        lambda c, id_: _change_password(c, id_, ANOTHER),
        case="a wrong one",
    ),
    use_case(
        "request_email_verification",
        lambda c, id_: c.request_email_verification()(id_, source=SOURCE),
    ),
    use_case("verify_email", lambda c, t: c.verify_email()(t), with_token(verification)),
    use_case(
        "verify_email",
        lambda c, t: c.verify_email()(t),
        with_token(verification_of_another),
        case="a new address",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        with_proof,
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(ADA, source=SOURCE),
        case="not proven",
    ),
    use_case(
        "request_password_reset",
        lambda c, _: c.request_password_reset()(BOB, source=SOURCE),
        case="nobody",
    ),
    use_case(
        "complete_password_reset",
        lambda c, t: c.complete_password_reset()(token=t, new_password=ANOTHER),
        with_token(reset),
    ),
    use_case(
        "complete_password_reset",
        lambda c, t: c.complete_password_reset()(token=t, new_password=PASSWORD),
        with_token(used_reset),
        case="used before",
    ),
    use_case("ban_user", lambda c, id_: c.ban_user()(id_), after(signed_in)),
    use_case(
        "ban_user",
        lambda c, id_: c.ban_user()(id_),
        after(lambda c, id_: c.ban_user()(id_)),
        case="again",
    ),
    use_case(
        "unban_user",
        lambda c, id_: c.unban_user()(id_),
        after(lambda c, id_: c.ban_user()(id_)),
    ),
    use_case("sign_in", lambda c, _: session(c, sign_in(c))),
    use_case("sign_in", lambda c, _: session(c, sign_in(c)), after(signed_in), case="again"),
    use_case("sign_in", lambda c, _: sign_in(c), nobody, case="nobody"),
    use_case(
        "sign_in",
        lambda c, _: sign_in(c),
        after(lambda c, id_: c.ban_user()(id_)),
        case="banned",
    ),
    use_case("sign_in", lambda c, _: sign_in(c), after(locked_out), case="too many failures"),
    use_case(
        "refresh_session",
        lambda c, t: session(c, c.refresh_session()(t)),
        with_token(refresh),
    ),
    use_case(
        "refresh_session",
        lambda c, t: session(c, c.refresh_session()(t)),
        with_token(used_refresh),
        case="a token used before",
    ),
    use_case("check_session", lambda c, t: c.check_session()(caller(c, t)), with_token(access)),
    use_case(
        "check_session",
        lambda c, t: c.check_session()(caller(c, t)),
        with_token(ended_access),
        case="an ended session",
    ),
    use_case("sign_out", lambda c, t: c.sign_out()(caller(c, t)), with_token(access)),
    use_case(
        "sign_out",
        lambda c, t: c.sign_out()(caller(c, t)),
        with_token(ended_access),
        case="of an ended session",
    ),
)


def token_to_move(container: Container, user_id: str) -> str:
    """What a registered user is mailed for a new address, made without a request."""
    user = User.register(
        id=user_id,
        first_name="Ada",
        last_name="Byron",
        email=Email(ADA),
        password_hash=PlainHasher().hash(PASSWORD),
        now=container.clock().now(),
    )
    return str(container.user_tokens().email_change(user, Email(NEW)))


def leave(service: Service, user_id: str) -> None:
    service.container.remove_user()(user_id)


CLAIMED = (
    Claimed(
        use_case=use_case("register_user", lambda c, _: _register(c, ADA), nobody),
        at=0,
        take=lambda service: register(service, ADA).id,
        free=leave,
        message="UserRegistered",
    ),
    Claimed(
        use_case=use_case("verify_email", lambda c, id_: c.verify_email()(token_to_move(c, id_))),
        at=1,
        take=lambda service: register(service, NEW).id,
        free=leave,
        message="EmailChanged",
    ),
)
