"""The memory provider: real adapters with the same promises, in one process, gone at its end."""
