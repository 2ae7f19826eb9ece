"""Orders: what a customer buys, kept as the history of what happened."""
