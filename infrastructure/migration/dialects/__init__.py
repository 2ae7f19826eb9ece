"""The two ways to write a contract, each read into the same values."""
