"""What can go wrong with a local engine."""


class EngineUnavailable(Exception):
    """The engine cannot be had on this machine: something that it needs is missing.

    Nothing was started, and nothing half-made was left behind. A test skips on it.
    """

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(f"{engine} is not available: {reason}")
        self.engine = engine
        self.reason = reason


class EngineFailed(Exception):
    """The engine was started and did not become ready; it has ended since.

    `log` holds the end of what it wrote.
    """

    def __init__(self, engine: str, reason: str, log: str) -> None:
        super().__init__(f"{engine} {reason}. The end of its log:\n{log or '(empty)'}")
        self.engine = engine
        self.reason = reason
        self.log = log
