"""Passwords cannot be guessed quickly, and the owner still gets in."""

from __future__ import annotations

from collections.abc import Callable

import argon2
import pytest
from attrs import define, field
from typing_extensions import override

from application.errors import Throttled
from application.ports.failure_limiter import TooManyFailures
from application.users.change_password import ChangePassword
from application.users.errors import SignInFailed
from application.users.sign_in import SessionTokens, SignIn
from application.users.tokens import UserTokens
from domain.errors import DynastrataError
from domain.users.errors import UserIsBanned
from infrastructure.memory.tables.failures import MemoryFailureTable
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.clock import SystemClock
from infrastructure.system.emails import Uts46EmailParser
from infrastructure.system.failure_windows import FailureTable, FailureWindow
from infrastructure.system.passwords import Argon2Hasher
from infrastructure.system.tokens import JwtSigner
from tests.failures import LIMITS, limiter
from tests.stores import Store
from tests.times import NOW
from tests.users.samples import new_user

pytestmark = pytest.mark.parametrize("make_store", ["memory"], indirect=True)

PASSWORD, WRONG = "correct horse", "wrong horse"
HOME, ELSEWHERE = "1.1.1.1", "6.6.6.6"
ALLOWED = LIMITS.per_account_and_source.amount


class Counting(Argon2Hasher):
    """Counts the passwords that it compares."""

    def __init__(self) -> None:
        super().__init__(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.compared = 0

    @override
    def matches(self, password: str, password_hash: str | None) -> bool:
        self.compared += 1
        return super().matches(password, password_hash)


@define
class Service:
    """The two use cases that compare a password, over one table of failures."""

    store: Store
    failures: FailureTable = field(factory=MemoryFailureTable)
    hasher: Counting = field(factory=Counting)
    clock: SystemClock = field(factory=SystemClock)

    def sign_in(
        self, password: str = PASSWORD, source: str = HOME, email: str = "ada@example.com"
    ) -> SessionTokens:
        tokens = UserTokens(JwtSigner(SAMPLE_SIGNING_KEY, self.clock))
        use_case = SignIn(
            self.store.unit_of_work,
            self.clock,
            self.store.ids,
            self.hasher,
            tokens,
            limiter(self.failures),
            Uts46EmailParser(),
        )
        return use_case(email=email, password=password, source=source)

    def change_password(self, current_password: str = PASSWORD, source: str = HOME) -> None:
        use_case = ChangePassword(
            self.store.unit_of_work, self.clock, self.hasher, limiter(self.failures)
        )
        use_case(
            "ada", current_password=current_password, new_password="another horse", source=source
        )


@pytest.fixture
def service(store: Store) -> Service:
    """One user, ada."""
    service = Service(store)
    with store.unit_of_work() as unit:
        ada = new_user(id="ada")
        ada.change_password(service.hasher.hash(PASSWORD), NOW)
        unit.users.add(ada)
        unit.commit()
    return service


def refusals(attempt: Callable[[], object], times: int) -> list[type[DynastrataError]]:
    """What so many attempts raise."""
    raised = []
    for _ in range(times):
        with pytest.raises(DynastrataError) as refused:
            attempt()
        raised.append(type(refused.value))
    return raised


def test_after_some_wrong_passwords_none_is_compared_for_a_while(service: Service) -> None:
    attempts = refusals(lambda: service.sign_in(WRONG), ALLOWED + 2)

    assert attempts == [SignInFailed] * ALLOWED + [TooManyFailures] * 2
    assert refusals(service.sign_in, 1) == [TooManyFailures]
    assert service.hasher.compared == ALLOWED


def test_an_unknown_address_is_told_the_same(service: Service) -> None:
    for email in ("ada@example.com", "nobody@example.com"):
        attempts = refusals(lambda email=email: service.sign_in(WRONG, email=email), ALLOWED + 1)  # type: ignore[misc]
        with pytest.raises(TooManyFailures) as refused:
            service.sign_in(WRONG, email=email)

        assert attempts == [SignInFailed] * ALLOWED + [TooManyFailures]
        assert refused.value.retry_after == 15 * 60


def test_every_spelling_of_an_address_is_one_account(service: Service) -> None:
    for email in ("ada@example.com", "ADA@example.com", " Ada@Example.com "):
        refusals(lambda email=email: service.sign_in(WRONG, email=email), 1)  # type: ignore[misc]

    assert refusals(service.sign_in, 1) == [TooManyFailures]


def test_the_owner_signs_in_while_somebody_guesses_elsewhere(service: Service) -> None:
    refusals(lambda: service.sign_in(WRONG, ELSEWHERE), ALLOWED + 5)

    assert service.sign_in(source=HOME).user_id == "ada"
    assert refusals(lambda: service.sign_in(source=ELSEWHERE), 1) == [TooManyFailures]


def test_only_what_fails_counts(service: Service) -> None:
    for _ in range(ALLOWED + 5):
        service.sign_in()

    refusals(lambda: service.sign_in(WRONG), ALLOWED - 1)
    assert service.sign_in().user_id == "ada"


def test_the_right_password_of_somebody_banned_counts_nothing(service: Service) -> None:
    with service.store.unit_of_work() as unit:
        ada = unit.users.get("ada")
        ada.ban(NOW)
        unit.users.save(ada)
        unit.commit()

    assert refusals(service.sign_in, ALLOWED + 1) == [UserIsBanned] * (ALLOWED + 1)


def test_a_present_password_that_is_wrong_counts_as_a_failed_sign_in(service: Service) -> None:
    attempts = refusals(lambda: service.change_password(WRONG), ALLOWED + 1)

    assert attempts == [SignInFailed] * ALLOWED + [TooManyFailures]
    assert refusals(service.sign_in, 1) == [TooManyFailures]
    assert service.hasher.compared == ALLOWED
    service.change_password(source=ELSEWHERE)


class Down(MemoryFailureTable):
    """A table that cannot be read, or not be written."""

    def __init__(self, *, reads: bool) -> None:
        super().__init__()
        self._reads = reads

    @override
    def add(self, key: str, amount: int, *, now: object, latest: object, until: object) -> int:
        raise Throttled(operation="UpdateItem")

    @override
    def window(self, key: str, *, now: object, latest: object) -> FailureWindow | None:
        if not self._reads:
            raise Throttled(operation="GetItem")
        return None


def test_where_failures_cannot_be_read_nobody_signs_in(store: Store, service: Service) -> None:
    service.failures = Down(reads=False)

    assert refusals(service.sign_in, 1) == [Throttled]
    assert refusals(service.change_password, 1) == [Throttled]
    assert service.hasher.compared == 0


def test_where_failures_cannot_be_counted_a_wrong_password_is_a_fault_of_the_store(
    store: Store, service: Service
) -> None:
    service.failures = Down(reads=True)

    assert refusals(lambda: service.sign_in(WRONG), 1) == [Throttled]
    assert refusals(lambda: service.change_password(WRONG), 1) == [Throttled]
    assert service.sign_in().user_id == "ada"
