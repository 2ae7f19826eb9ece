"""Attacks the service, and tells what gave way: `make attack`.

Generated requests by nobody, a user and the administrator; slow and half-sent requests; a frozen
store. Exits with 1 where something was found.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from random import Random
from typing import Any

from infrastructure.engines import run_ministack
from scripts.attack import connections, frozen_store, generated
from scripts.attack.report import Report
from scripts.attack.service import service

GENERATED, CONNECTIONS, FROZEN_STORE = PARTS = ("generated", "connections", "frozen-store")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each part, with all that was found; the exit code."""
    chosen = _parsed(arguments)
    print(f"seed {chosen.seed}, examples {chosen.examples}, {chosen.provider}", flush=True)
    gave_way = False
    for part, report in _reports(chosen):
        print("\n".join(report.lines()), flush=True)
        if report.findings:
            gave_way = True
            print(f"  Repeat it: make attack ARGS='{_arguments(chosen, part)}'", flush=True)
    return int(gave_way)


def _arguments(chosen: argparse.Namespace, part: str) -> str:
    given = {"part": part, "provider": chosen.provider, "seed": chosen.seed}
    if part == GENERATED:
        given["examples"] = chosen.examples
    return " ".join(f"--{name} {value}" for name, value in given.items())


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__)
    parser.add_argument("--provider", choices=("memory", "dynamodb"), default="memory")
    parser.add_argument("--seed", type=int, default=1, help="the same one sends the same")
    parser.add_argument("--examples", type=int, default=10, help="of each operation and kind")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one")
    return parser.parse_args(arguments)


def _reports(chosen: argparse.Namespace) -> Iterator[tuple[str, Report]]:
    parts = chosen.part or PARTS
    with ExitStack() as stack:
        store: dict[str, Any] = {}
        if chosen.provider == "dynamodb":
            store = frozen_store.at(stack.enter_context(run_ministack()))
        if GENERATED in parts:
            with service(**store) as attacked:
                for who in generated.CALLERS:
                    yield (
                        GENERATED,
                        generated.attack(attacked, who, seed=chosen.seed, examples=chosen.examples),
                    )
        if CONNECTIONS in parts:
            random = Random(chosen.seed)  # noqa: S311 to be repeated, not secret
            yield CONNECTIONS, connections.Attack(random=random, store=store).run()
    if FROZEN_STORE in parts:
        yield FROZEN_STORE, frozen_store.attack()


if __name__ == "__main__":
    sys.exit(main())
