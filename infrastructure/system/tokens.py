"""Signed tokens as JSON Web Tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from typing_extensions import override

from application.ports.clock import Clock
from application.ports.token_signer import InvalidToken, TokenSigner

_ALGORITHM = "HS256"
_PURPOSE = "aud"
_EXPIRY = "exp"


class JwtSigner(TokenSigner):
    """JSON Web Tokens: the audience is the purpose, the clock is the port's.

    The package is imported by the first token: most of it is cryptography that is not needed here.
    """

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    @override
    def sign(
        self, purpose: str, claims: Mapping[str, str], lifetime: timedelta | None = None
    ) -> str:
        """See the port. Raises `ValueError` for a claim named `aud` or `exp`."""
        if _PURPOSE in claims or _EXPIRY in claims:
            raise ValueError(f"{_PURPOSE} and {_EXPIRY} are set by the signer")
        content: dict[str, str | int] = {**claims, _PURPOSE: purpose}
        if lifetime is not None:
            content[_EXPIRY] = int((self._clock.now() + lifetime).timestamp())
        import jwt  # noqa: PLC0415 see above

        return jwt.encode(content, self._key, algorithm=_ALGORITHM)

    @override
    def read(self, purpose: str, token: str) -> Mapping[str, str]:
        """See the port. Asking the result for a claim that is missing raises `InvalidToken`."""
        content = self._verified(purpose, token)
        content.pop(_PURPOSE)
        self._check_expiry(content.pop(_EXPIRY, None))
        claims = _Claims()
        for name, value in content.items():
            if not isinstance(value, str):
                raise InvalidToken(f"claim {name} is no text")
            claims[name] = value
        return claims

    def _verified(self, purpose: str, token: str) -> dict[str, object]:
        import jwt  # noqa: PLC0415 see above

        try:
            content: dict[str, object] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=purpose,
                # PyJWT would look at the machine's clock.
                options={
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise InvalidToken("not signed by us, or for another purpose") from error
        return content

    def _check_expiry(self, expiry: object) -> None:
        if expiry is None:
            return
        if not isinstance(expiry, int | float):
            raise InvalidToken("the expiry is no time")
        if expiry <= self._clock.now().timestamp():
            raise InvalidToken("expired")


class _Claims(dict[str, str]):
    def __missing__(self, name: str) -> str:
        raise InvalidToken(f"claim {name} is missing")
