"""Handlers for AWS Lambda: one module a function."""
