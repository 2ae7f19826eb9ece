"""The time between: one switch a table, and writes that reach both stores, key by key."""
