"""The command `dynastrata`: `main` in `main`, one module a subject."""
