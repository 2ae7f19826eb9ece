"""Aggregates as a unit of work tracks them, over the table of either provider."""
