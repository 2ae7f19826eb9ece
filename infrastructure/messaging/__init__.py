"""Destinations of messages: what each takes, and how messages get there."""
