"""`dependency_injector` without the web frameworks that it looks for.

Its module for wiring imports FastAPI, Starlette and Werkzeug where they are installed: a third of
the start of every command. Nothing is wired here, so they are hidden while it is imported.
"""

from __future__ import annotations

import sys

_FRAMEWORKS = ("fastapi.params", "starlette.requests", "werkzeug.local")

_hidden = [name for name in _FRAMEWORKS if name not in sys.modules]
for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]  # how Python is told: not to be had
try:
    from dependency_injector import containers, providers
finally:
    for _name in _hidden:
        del sys.modules[_name]

__all__ = ["containers", "providers"]
