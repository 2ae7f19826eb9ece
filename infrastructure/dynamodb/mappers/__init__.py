"""Between what is stored and its items."""
