"""`/users` and `/sessions`, and who makes a request."""
