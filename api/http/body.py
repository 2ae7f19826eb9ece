"""What the bodies of all requests have in common: no unknown members, and texts with a rule.

A rule of the domain is told twice: the domain's own code keeps it, and the description of the API
shows it to clients as a pattern and a length. What does not fit the description is refused as well.
"""

from __future__ import annotations

from typing import Annotated, Any

from attrs import frozen
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# Python has no classes of characters in patterns; JSON Schema, Rust and JavaScript do.
INK = r"[^\p{C}\p{Z}]"
"""A character that is printed, and is no space."""

AROUND = r"[\p{Z}\t-\r\x1c-\x1f\x85]*"
"""What the domain trims at both ends of a text."""

LINE = f"^{AROUND}{INK}(?:{INK}| )*{AROUND}$"
"""One line of printable characters, not only spaces."""

TOKEN = {"pattern": r"^[A-Za-z0-9._-]+$"}
"""How signed tokens and cursors look. Only described: any other text is refused as forged."""

Token = Annotated[str, Field(json_schema_extra=TOKEN)]
"""A signed token, which a client sends back as it came."""


class Body(BaseModel):
    """A request body: unknown members are refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid")


@frozen
class Rule:
    """Says what a value must be, where it is not, instead of showing a pattern."""

    words: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """See pydantic."""
        return core_schema.custom_error_schema(
            handler(source), "rule", custom_error_message=self.words
        )
