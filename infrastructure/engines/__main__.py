"""`python -m infrastructure.engines`: fetch the local engines ahead of their first use.

Writes one line for each. An engine that cannot be had is no failure here: its tests are skipped.
"""

from infrastructure.engines import dynamodb_local, ministack, spark
from infrastructure.engines.errors import EngineUnavailable


def main() -> None:
    """Prepare every engine that this machine can have."""
    for engine in (ministack, dynamodb_local, spark):
        try:
            engine.prepare()
        except EngineUnavailable as unavailable:
            print(f"Skipped: {unavailable}", flush=True)
        else:
            print(f"{engine.NAME} is there.", flush=True)


if __name__ == "__main__":
    main()
