"""The unit of work of both providers: one repository a line."""

from __future__ import annotations

from typing import Generic, TypeVar

from application.ports.ids import IdFactory
from application.ports.token_signer import TokenSigner
from infrastructure.committing import BaseUnitOfWork
from infrastructure.cursors import Cursors
from infrastructure.repository import Provider
from infrastructure.users import USERS, StoredUserRepository

ActionT = TypeVar("ActionT")


class StoredUnitOfWork(BaseUnitOfWork[ActionT], Generic[ActionT]):
    """Implements the port `UnitOfWork`. `signer` signs the cursors of listings."""

    def __init__(self, provider: Provider[ActionT], ids: IdFactory, signer: TokenSigner) -> None:
        super().__init__(provider.begin, ids)
        cursors = Cursors(signer)
        self.users = StoredUserRepository(self, USERS, provider.table(USERS), cursors)
