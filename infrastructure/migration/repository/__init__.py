"""Items of a contract's table for service code."""
