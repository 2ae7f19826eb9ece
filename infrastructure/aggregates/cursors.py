"""Opaque cursors of listings: signed, so that only what a listing issued is taken back."""

from __future__ import annotations

from attrs import frozen

from application.ports.token_signer import InvalidToken, TokenSigner
from domain.errors import InvalidValue

# Part of the cursors that are out there: a new layout gets a new number.
_VERSION = "1"


@frozen
class ListingPosition:
    """Where a listing stands: after which id, and over how many shards it has looked."""

    after: str = ""
    shards: int = 1


@frozen
class Cursors:
    """Issues cursors and reads them back, each for one listing alone."""

    _signer: TokenSigner

    def issue(self, listing: str, position: ListingPosition) -> str:
        """The cursor that goes on from this position."""
        claims = {"v": _VERSION, "after": position.after, "shards": str(position.shards)}
        return self._signer.sign(f"cursor:{listing}", claims)

    def read(self, listing: str, cursor: str | None) -> ListingPosition:
        """Where to go on; the start for None. Raises `InvalidValue` for a forged or foreign one."""
        if cursor is None:
            return ListingPosition()
        try:
            claims = self._signer.read(f"cursor:{listing}", cursor)
        except InvalidToken as error:
            raise InvalidValue("cursor", "was not issued by this listing") from error
        if claims.get("v") != _VERSION:
            raise InvalidValue("cursor", "was issued by another version; start anew")
        return ListingPosition(claims["after"], int(claims["shards"]))
