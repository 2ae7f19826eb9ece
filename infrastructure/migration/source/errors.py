"""What can be wrong between a contract and its source."""


class SourceMismatch(ValueError):
    """The contract names what the source does not have, or what cannot be read from it."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"{path}: {cause}" if path else cause)
        self.path = path
        self.cause = cause
