"""Rows become items, items become records, and back, as the contract says: pure functions."""
