"""What HTTP itself refuses, beside the errors of the use cases."""

from __future__ import annotations

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class BadRequest(DynastrataError):
    """A header, a query parameter or a token from a mail cannot be used. `field` names it."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@frozen
class PreconditionRequired(DynastrataError):
    """The change must say in `If-Match` which version it was decided on."""

    def __str__(self) -> str:
        return "send the ETag of the version that you changed as If-Match"


@frozen
class PreconditionFailed(DynastrataError):
    """The entity tag in `If-Match` belongs to no version of the resource."""

    def __str__(self) -> str:
        return "If-Match names a version that does not exist; read the resource again"


@frozen
class RequestAtWork(DynastrataError):
    """A request with this key is being handled."""

    key: str

    def __str__(self) -> str:
        return f"a request with the key {self.key} is being handled; ask again for its answer"


@frozen
class Overloaded(DynastrataError):
    """Every thread works, and too many requests wait for one, or this one has waited too long."""

    def __str__(self) -> str:
        return "too many requests are being handled; nothing was done, try again"


@frozen
class NotReady(DynastrataError):
    """The service does not take requests yet, or any more."""

    reason: str

    def __str__(self) -> str:
        return self.reason
