"""Every use case of users, as the fault matrix calls it, subject by subject."""

from __future__ import annotations

from dependency_injector import providers

from api.container import Container
from infrastructure.system.notifiers import MemoryNotifier
from tests.users.use_cases.accounts import ACCOUNTS
from tests.users.use_cases.addresses import ADDRESSES
from tests.users.use_cases.passwords import PASSWORDS
from tests.users.use_cases.prepared import PlainHasher
from tests.users.use_cases.sessions import SESSIONS
from tests.users.use_cases.unique_values import UNIQUE_VALUES


def configure(container: Container) -> None:
    """Cheap passwords, and mail that can be read."""
    container.password_hasher.override(providers.Object(PlainHasher()))
    container.notifier.override(providers.Object(MemoryNotifier()))


USE_CASES = (*ACCOUNTS, *ADDRESSES, *PASSWORDS, *SESSIONS)

CLAIMED = UNIQUE_VALUES
