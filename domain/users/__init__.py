"""Users: who may sign in, and their sessions."""
