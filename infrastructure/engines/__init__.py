"""Local engines: programs that answer the DynamoDB API on this machine, for `demo` and the tests.

Each is a context manager that yields a `LocalEngine` on a free port of 127.0.0.1. Nothing here is
used against AWS.
"""

from infrastructure.engines.dynamodb_local import run_dynamodb_local
from infrastructure.engines.errors import EngineFailed, EngineUnavailable
from infrastructure.engines.ministack import run_ministack
from infrastructure.engines.process import LocalEngine

__all__ = [
    "EngineFailed",
    "EngineUnavailable",
    "LocalEngine",
    "run_dynamodb_local",
    "run_ministack",
]
