"""What the use cases need from outside: one small interface a file."""
