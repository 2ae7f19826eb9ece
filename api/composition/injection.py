"""`dependency_injector` without the packages that it looks for.

It imports FastAPI, Pydantic, Starlette, Werkzeug and PyYAML where they are installed: a third of
the start of a command. Nothing is wired or configured by it here, so they are hidden from it.
"""

from __future__ import annotations

from infrastructure.system.importing import hidden

with hidden("fastapi", "pydantic", "starlette", "werkzeug", "yaml"):
    from dependency_injector import containers, providers

__all__ = ["containers", "providers"]
