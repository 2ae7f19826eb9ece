"""What makes a contract wrong or unwise, a subject a file."""
