"""What can be done with courses: one use case a file."""
