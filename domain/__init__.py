"""Aggregates, their events, errors and repository interfaces: the rules, and nothing technical."""
