"""`/orders`."""
