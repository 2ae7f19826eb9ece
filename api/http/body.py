"""What the bodies of all requests have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: unknown members are refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid")
