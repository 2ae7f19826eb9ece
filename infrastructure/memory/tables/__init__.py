"""The tables of the memory provider, one module each."""
