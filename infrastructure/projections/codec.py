"""The data of a projection's state: what was folded, and where to go on, as one piece of JSON.

They are stored together, in one write: neither can be ahead of the other.
"""

from __future__ import annotations

from typing import TypeVar

import orjson
from cattrs import transform_error
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

from application.ports.projection_store import StateUnreadable
from application.projector import Projector
from infrastructure.serialization import CONVERTER
from infrastructure.tagged_events.bookmark import Bookmark

StateT = TypeVar("StateT")

# Stored: never change them.
_BOOKMARK = "bookmark"
_STATE = "state"


def encode_state(projector: Projector[StateT], state: StateT, bookmark: Bookmark) -> bytes:
    """What is stored. Raises `TypeError` or `ValueError` for what JSON cannot hold."""
    return orjson.dumps(
        {
            _BOOKMARK: CONVERTER.unstructure(bookmark, unstructure_as=Bookmark),
            _STATE: CONVERTER.unstructure(state, unstructure_as=projector.state_type),
        }
    )


def decode_state(projector: Projector[StateT], data: bytes) -> tuple[StateT, Bookmark]:
    """What was encoded. Raises `StateUnreadable`."""
    try:
        held = orjson.loads(data)
        bookmark = CONVERTER.structure(held[_BOOKMARK], Bookmark)
        return CONVERTER.structure(held[_STATE], projector.state_type), bookmark
    except (BaseValidationError, StructureHandlerNotFoundError) as error:
        problem = "; ".join(transform_error(error))
    except (ValueError, LookupError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"
    raise StateUnreadable(projector.name, projector.version, problem)
