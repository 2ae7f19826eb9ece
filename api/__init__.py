"""Ways in: HTTP and commands, put together in one container."""
