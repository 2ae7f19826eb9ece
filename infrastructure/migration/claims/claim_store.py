"""Where the claims of a migration are kept while it is under way."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.row_claim import RowClaim
from infrastructure.migration.rows import RowRejected


class ClaimStore(Protocol):
    """Claims of source rows on values that only one of them can have."""

    def take(self, claims: Iterable[RowClaim]) -> None:
        """Takes each claim, but for those that a lower rank holds.

        The result is the same in whatever order claims are taken, and however often.
        """
        ...

    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        """The claims that another holds, with what that means for their rows."""
        ...


class WrittenClaims(ClaimStore):
    """A store that claims are taken in."""

    @abstractmethod
    def holders(self, claims: Iterable[RowClaim]) -> Mapping[str, Item]:
        """The stored claims with the keys of these."""
        ...

    @override
    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        """See `ClaimStore`. One that nobody holds, as its row changed meanwhile, is taken now."""
        holders = self.holders(claims)
        missing = [claim for claim in claims if claim.key not in holders]
        if missing:
            self.take(missing)
            holders = {**holders, **self.holders(missing)}
        return {
            claim: claim.rejection(holders[claim.key])
            for claim in claims
            if not claim.is_held(holders[claim.key])
        }
