"""What went wrong with sending, in one line that quotes no message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

NOT_MENTIONED = "the answer says nothing of this message"


def failure(error: Exception) -> str:
    """A request failed as a whole: its operation, code and id, or the name of the SDK's error.

    Not what the service says in words: it may quote a message.
    """
    if not isinstance(error, ClientError):
        return type(error).__name__
    code = error.response.get("Error", {}).get("Code", "an error without a code")
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
    suffix = f" (request id: {request_id})" if request_id else ""
    return f"{error.operation_name}: {code}{suffix}"


def entry_failure(operation: str, code: object) -> str:
    """One entry of a request failed."""
    return f"{operation}: {code}"


def outcomes_by_id(operation: str, answer: Mapping[str, Any], count: int) -> list[str | None]:
    """What became of the entries whose ids are 0, 1, 2 and so on."""
    outcomes: dict[str, str | None] = dict.fromkeys(map(str, range(count)), NOT_MENTIONED)
    outcomes |= {entry["Id"]: None for entry in answer.get("Successful", ())}
    outcomes |= {
        entry["Id"]: entry_failure(operation, entry.get("Code"))
        for entry in answer.get("Failed", ())
    }
    return [outcomes[str(place)] for place in range(count)]
