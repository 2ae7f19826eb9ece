"""What can be done with users: one use case a file, its command and handler together."""
