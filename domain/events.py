"""Domain events: what happened to an aggregate, in the past tense."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class DomainEvent:
    """Something that happened. Carries facts, never a secret. `occurred_at` is in UTC."""

    occurred_at: datetime
