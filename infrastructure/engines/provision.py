"""Fetches what an engine runs on, once, into a directory that is never seen half-made."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infrastructure.engines.errors import EngineUnavailable

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINES = REPOSITORY / ".engines"
"""Where the engines are kept; nothing else is, and it can be removed at any time."""

FETCHED_WITHIN = 600.0
"""Seconds for one package manager's download, over a slow line."""

_ERROR_TAIL = 1500


def provisioned(directory: Path, inputs: Sequence[Path], build: Callable[[Path], None]) -> Path:
    """The directory that `build` has filled from exactly these inputs, made on first use.

    Its name is `directory` with a digest of the inputs, so a changed input makes a new one. It is
    built beside and moved into place when complete: any number of processes may ask at once (the
    first to finish wins, the others take its result), and a build that was killed leaves only a
    hidden directory that nobody reads.
    """
    target = directory.with_name(f"{directory.name}-{_digest(inputs)}")
    if target.exists():
        return target
    directory.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}-") as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        build(made)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise
    return target


def fetch(engine: str, command: Sequence[str | Path]) -> None:
    """Run a package manager or compiler.

    Raises:
        EngineUnavailable: it could not be executed, failed, or took too long; says which command,
            and the end of what it wrote.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FETCHED_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailable(engine, f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        said = done.stdout.strip()[-_ERROR_TAIL:]
        raise EngineUnavailable(engine, f"{Path(command[0]).name} failed:\n{said}")


def found(engine: str, program: str) -> Path:
    """The program of this name on the PATH.

    Raises:
        EngineUnavailable: there is none.
    """
    path = shutil.which(program)
    if path is None:
        raise EngineUnavailable(engine, f"{program} is not installed")
    return Path(path)


def _digest(inputs: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
