"""The machine and its libraries behind small ports: clock, ids, logs, passwords, tokens."""
