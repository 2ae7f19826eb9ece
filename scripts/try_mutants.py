"""Changes the kernel's code in one place at a time, and tells which changes no test notices.

Run it with `make mutants`; `ARGS` names modules, otherwise all of `scripts/mutants.toml` are tried.
That file says which tests try a module, and which changes cannot be noticed, and why. The work is
done in a copy of the code, one process at a time.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import shutil
import signal
import sys
import tomllib
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FunctionType
from typing import Any

import pytest
from attrs import frozen
from hypothesis import Phase, settings

from scripts.mutants import Change, Mutant, mutants

CONFIG = Path(__file__).with_name("mutants.toml")

_FOREIGN = ("boto3", "cattrs", "jwt", "moto.dynamodb.responses", "pynamodb.models", "structlog")
"""What tests import that takes long and is not of this project: imported once, ahead."""

_MEMORY = 4 * 1024**3
_MORE_SECONDS = 5.0
"""With a change the tests may take this much more time of a processor than twice that without."""


@frozen
class Trial:
    """What became of the mutants of a module."""

    module: str
    killed: int
    survivors: Sequence[Mutant]
    equivalent: int

    @property
    def tried(self) -> int:
        """How many could be noticed."""
        return self.killed + len(self.survivors)

    @property
    def score(self) -> float:
        """Percent of those that could be noticed and were."""
        return 100.0 * self.killed / self.tried if self.tried else 100.0


def try_module(module: str, tests: Sequence[str], equivalent: Set[Change], at: Path) -> Trial:
    """Runs the tests on every mutant of a module in the copy of the code at a place.

    `equivalent` are the changes that nobody can notice. Raises `ValueError` where the tests fail as
    it is, or where there is no such change.
    """
    path = at / module
    source = path.read_text()
    found = mutants(source)
    unknown = equivalent - {mutant.change for mutant in found}
    if unknown:
        raise ValueError(f"{module} has no such change: {sorted(unknown)}")
    tried = [mutant for mutant in found if mutant.change not in equivalent]
    outside = _outside(source)
    inside = [mutant for mutant in tried if _outside(mutant.code) == outside]
    survivors, seconds = _noticed_by_nobody(path, inside, tests, at)
    for mutant in tried:
        if mutant not in inside and _passes(path, mutant, tests, at, seconds):
            survivors.append(mutant)
    for mutant in sorted(survivors):
        print(f"{module}:{mutant.line}: {mutant}", flush=True)
    killed = len(tried) - len(survivors)
    return Trial(module, killed, sorted(survivors), len(found) - len(tried))


def _outside(source: str) -> object:
    """What makes a module, but for the code of its functions: that can be replaced."""
    functions = _functions(compile(source, "module", "exec", dont_inherit=True))
    variables = [(name, code.co_freevars) for name, code in functions if "<locals>" not in name]
    return ast.dump(_Emptying().visit(ast.parse(source))), variables


class _Emptying(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = []
        return node


def _noticed_by_nobody(
    path: Path, found: Sequence[Mutant], tests: Sequence[str], at: Path
) -> tuple[list[Mutant], float]:
    """Those of the mutants, which differ inside of functions only, with which the tests pass.

    With the seconds of a processor that the tests take without a change.
    """
    told = at / "survivors.txt"
    told.unlink(missing_ok=True)

    def run() -> int:
        return _pytest(tests, at, plugins=[_EachMutant(path, found, told)])

    if _ends_well(run) and told.exists():
        seconds, *places = told.read_text().split()
        return [found[int(place)] for place in places], float(seconds)
    raise ValueError(f"without a change these fail: {' '.join(tests)}")


def _passes(path: Path, mutant: Mutant, tests: Sequence[str], at: Path, seconds: float) -> bool:
    """Whether the tests pass in a process that imports the mutant."""
    source = path.read_text()
    path.write_text(mutant.code)
    try:
        return _ends_well(lambda: _confined(seconds) or _pytest(tests, at))
    finally:
        path.write_text(source)


@frozen
class _EachMutant:
    """A plugin of pytest: all that was collected, once as it is and once for each mutant.

    So what is slow is done once. Each time is in a process of its own, where the mutant's code
    takes the place of that of the functions that there are.
    """

    path: Path
    mutants: Sequence[Mutant]
    told: Path

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """See pytest."""
        if session.testsfailed or not _ends_well(lambda: _run_all(session)):
            session.testsfailed = 1
            return True
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        functions = self._imported()
        told = [str(seconds)]
        for place, mutant in enumerate(self.mutants):
            if _ends_well(partial(self._run, mutant, functions, session, seconds)):
                told.append(str(place))
        self.told.write_text("\n".join(told))
        return True

    def _run(
        self,
        mutant: Mutant,
        functions: Iterable[FunctionType],
        session: pytest.Session,
        seconds: float,
    ) -> int:
        _confined(seconds)
        session.config.pluginmanager.unregister(name="terminalreporter")
        changed = dict(_functions(compile(mutant.code, str(self.path), "exec", dont_inherit=True)))
        for function in functions:
            name = function.__code__.co_qualname
            function.__code__ = changed.get(name, function.__code__)
        return _run_all(session)

    def _imported(self) -> list[FunctionType]:
        """The functions of the module. Raises `ValueError` where the tests imported none."""
        gc.unfreeze()  # what was frozen is not among the objects that are told
        found = [
            each
            for each in gc.get_objects()
            if isinstance(each, FunctionType) and each.__code__.co_filename == str(self.path)
        ]
        gc.freeze()
        if not found:
            raise ValueError(f"no test imports {self.path}")
        return found


def _functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname, inner
            yield from _functions(inner)


def _run_all(session: pytest.Session) -> int:
    for item, following in zip_longest(session.items, session.items[1:]):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _pytest(tests: Sequence[str], at: Path, plugins: Sequence[object] = ()) -> int:
    os.chdir(at)
    sys.path.insert(0, str(at))
    sys.dont_write_bytecode = True  # a file may change twice within a second
    options = ["-x", "-qq", "--no-header", "--no-summary", "-m", "not engine"]
    without = ["-p", "no:xdist", "-p", "no:cacheprovider", "--hypothesis-profile", "mutants"]
    early = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # what is imported here already
    return int(pytest.main([*options, *without, *early, *tests], plugins))


def _confined(seconds: float) -> int:
    """Says nothing from here on, and ends this process where a change makes it go on for ever."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    most = int(_MORE_SECONDS + 2 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.alarm(20 * most)  # it may wait, and the machine may be busy
    return 0


def _ends_well(run: Callable[[], int]) -> bool:
    """Whether this returns 0 in a process of its own."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    code = 1
    try:
        code = run()
    except Exception:  # noqa: BLE001 told, and the process ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def main(chosen: Collection[str]) -> int:
    """Tries these modules, or all; how the process ends."""
    config = tomllib.loads(CONFIG.read_text())
    unknown = set(chosen) - config["modules"].keys()
    if unknown:
        raise ValueError(f"{CONFIG} names no tests for {', '.join(sorted(unknown))}")
    for name in _FOREIGN:
        import_module(name)
    # The same examples for every mutant, and none is made smaller: that one fails is enough.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutants", deadline=None, derandomize=True, phases=phases, database=None, max_examples=20
    )
    with TemporaryDirectory() as directory:
        copy = Path(directory) / "code"
        shutil.copytree(Path.cwd(), copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        trials = [
            try_module(module, tests, equivalent_changes(config, module), copy)
            for module, tests in config["modules"].items()
            if not chosen or module in chosen
        ]
    for trial in trials:
        print(
            f"{trial.score:5.1f} %  {trial.module}: {trial.killed} of {trial.tried} noticed, "
            f"{trial.equivalent} cannot be"
        )
    tried = sum(trial.tried for trial in trials)
    score = 100.0 * sum(trial.killed for trial in trials) / tried if tried else 0.0
    print(f"{score:5.1f} % of {tried}; at least {config['least']} % are to be noticed")
    return 0 if score >= config["least"] else 1


def equivalent_changes(config: Mapping[str, Any], module: str) -> set[Change]:
    """The changes of a module that nobody can notice, as `CONFIG` lists them."""
    listed = (each for each in config["equivalent"] if each["module"] == module)
    return {(each["was"], each["now"]) for each in listed}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
