"""The copy of the rows: planned, done, and resumed where it was."""
