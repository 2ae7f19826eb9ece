"""What a service needs where others than its developers reach it."""

from __future__ import annotations

OWN_KEY = "an unguessable key of 32 bytes or more"

MAIL = {"mail_server": "smtps://ada:hush@127.0.0.1:9", "mail_sender": "accounts@example.com"}
"""Nobody takes mail there."""

MAIL_VARIABLES = {f"DYNASTRATA_{name.upper()}": value for name, value in MAIL.items()}
