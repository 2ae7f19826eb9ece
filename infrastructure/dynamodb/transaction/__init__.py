"""One commit as one atomic write."""
