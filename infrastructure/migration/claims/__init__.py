"""Claims of rows on values and keys that only one of them can have."""
