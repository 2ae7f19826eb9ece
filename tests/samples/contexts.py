"""The contexts of the kernel's tests: the kernel is tested without those of the service."""

from __future__ import annotations

from typing import Any, TypeAlias

from infrastructure.contexts.context import Contexts
from tests.samples.parcels import PARCELS
from tests.samples.people import PEOPLE

SAMPLES = Contexts([PEOPLE, PARCELS])

Unit: TypeAlias = Any
"""A unit of work with `people` and `parcels`: the port names the repositories of the service."""
