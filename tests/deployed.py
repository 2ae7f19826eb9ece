"""What a service needs where others than its developers reach it."""

from __future__ import annotations

OWN_KEY = "an unguessable key of 32 bytes or more"
